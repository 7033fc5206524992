"""Libraries put together: what is left out, what repeats, what is grouped, and that gaps are bridged or kept."""

from dataclasses import replace

import numpy as np
import pytest

from hypersigma.data.material_library import MaterialConfig, material_library
from hypersigma.errors import ConfigError, InputError
from tests.fakes.libraries import GRID, smooth_library, smooth_spectra

CONFIG = MaterialConfig(num_groups=3)


def test_bad_spectra_are_left_out_and_said() -> None:
    spectra = smooth_spectra(8)
    spectra[0, 40] = -0.5
    spectra[1, 40] = 1.7
    spectra[2] = 0.001
    spectra[3, 60:140] = np.nan
    spectra[4] += 0.1 + 0.1 * np.random.default_rng(0).standard_normal(len(GRID)).clip(-1, 1)
    spectra[5] = np.nan
    mixed = material_library([smooth_library(8, spectra=spectra.clip(-0.5))], CONFIG)
    assert mixed.names == ("material 6", "material 7")
    notes = " ".join(mixed.notes)
    for said in (
        "1 spectra go below -0.02",
        "1 spectra exceed 1.5",
        "1 spectra stay below 0.005",
        "2 spectra cover less",
        "1 spectra are noisy",
    ):
        assert said in notes


def test_small_gaps_are_bridged_and_wide_ones_kept() -> None:
    library = smooth_library(2)
    library.spectra[0, 100:106] = np.nan
    library.spectra[1, 0:20] = np.nan
    mixed = material_library([library], CONFIG)
    assert np.isfinite(mixed.spectra[0]).all()
    np.testing.assert_array_equal(np.isnan(mixed.spectra[1]), mixed.wavelengths < 545.0)
    kept = material_library([library], replace(CONFIG, widest_gap=0.0))
    assert np.isnan(kept.spectra[0]).any()


def test_repeated_spectra_are_kept_once() -> None:
    library = smooth_library(5)
    again = smooth_library(5, spectra=1.02 * library.spectra, name="again")
    darker = smooth_library(5, spectra=0.5 * library.spectra, name="darker")
    mixed = material_library([library, again, darker], CONFIG)
    assert mixed.names == library.names + darker.names
    np.testing.assert_allclose(mixed.spectra[:5], library.spectra[:, 5:216], atol=2e-3)
    everything = material_library([library, again, darker], replace(CONFIG, angle=0.0))
    assert len(everything) == 15


def test_libraries_of_different_bands_come_on_one_grid() -> None:
    coarse = smooth_library(4, np.arange(380.0, 2520.0, 25.0), name="coarse")
    mixed = material_library([smooth_library(4), replace(coarse, spectra=0.5 * coarse.spectra)], CONFIG)
    assert mixed.spectra.shape == (8, 211)
    assert mixed.quantity == "reflectance"
    assert 0 <= np.nanmin(mixed.spectra) <= np.nanmax(mixed.spectra) <= 1


def test_groups_hold_like_shapes() -> None:
    base = smooth_spectra(2)
    spectra = np.concatenate([base[:1] * gain for gain in (0.4, 0.6, 0.9)] + [base[1:] * gain for gain in (0.5, 0.8)])
    mixed = material_library([smooth_library(5, spectra=spectra)], replace(CONFIG, num_groups=2))
    assert len(set(mixed.groups[:3])) == len(set(mixed.groups[3:])) == 1
    assert mixed.groups[0] != mixed.groups[3]
    assert material_library([smooth_library(5)], replace(CONFIG, num_groups=0)).groups == ()


def test_what_cannot_be_put_together() -> None:
    with pytest.raises(InputError, match="no library is given"):
        material_library([])
    with pytest.raises(InputError, match="its numbers are of kind 'unknown'; reflectance is needed"):
        material_library([smooth_library(quantity="unknown")])
    with pytest.raises(InputError, match="no spectrum is good enough: library: 12 spectra exceed"):
        material_library([smooth_library(spectra=100 * smooth_spectra(12))])


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"step": 0.0}, "expected two ascending wavelengths"),
        ({"lowest": 2.0}, "must be below highest"),
        ({"covered": 1.5}, "expected a share"),
        ({"angle": -1.0}, "must not be negative"),
    ],
)
def test_settings_are_checked(fields: dict[str, float], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        MaterialConfig(**fields)
