"""True abundances and endmembers from files, whichever way up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_scores import agreement
from hypersigma.data.unmixing_truth import read_unmixing_truth
from hypersigma.errors import InputError
from tests.fakes.geotiff import write_tiff
from tests.fakes.matlab import write_v5, write_v73
from tests.fakes.mixtures import COLS, NUM, ROWS, mixed, shares, spectra

DOWN_COLUMNS = shares().swapaxes(1, 2).reshape(NUM, -1)


@pytest.mark.parametrize("write", [write_v5, write_v73])
@pytest.mark.parametrize("abundances", [np.moveaxis(shares(), 0, -1), shares(), DOWN_COLUMNS, DOWN_COLUMNS.T])
@pytest.mark.parametrize("endmembers", [spectra(), spectra().T])
def test_shapes_tell_what_is_what(write: Any, abundances: Any, endmembers: Any, tmp_path: Path) -> None:
    cube = mixed()
    path = write(tmp_path / "truth.mat", A=abundances, M=endmembers, Y=cube.read().astype(float).reshape(24, -1))
    found = read_unmixing_truth(cube, path)
    np.testing.assert_allclose(found.abundances, shares(), atol=1e-6)
    np.testing.assert_allclose(found.spectra, spectra())


def test_several_that_fit_are_asked_about(tmp_path: Path) -> None:
    path = write_v5(tmp_path / "truth.mat", M=spectra(), M1=spectra() * 2)
    with pytest.raises(InputError, match="'M', 'M1' may all be the true endmembers; say which: --truth-endm"):
        read_unmixing_truth(mixed(), path)
    found = read_unmixing_truth(mixed(), path, endmembers="M1")
    np.testing.assert_allclose(found.spectra, spectra() * 2)
    assert found.abundances is None
    with pytest.raises(InputError, match="holds no array 'X' .* it holds M, M1"):
        read_unmixing_truth(mixed(), path, endmembers="X")
    with pytest.raises(InputError, match="'M' of shape .* does not fit mixed as abundances"):
        read_unmixing_truth(mixed(), path, abundances="M", endmembers="M1")


def test_a_file_without_a_truth(tmp_path: Path) -> None:
    path = write_v5(tmp_path / "truth.mat", other=np.ones((5, 7)))
    with pytest.raises(InputError, match="no array is of abundances or endmembers of mixed"):
        read_unmixing_truth(mixed(), path)
    assert read_unmixing_truth(mixed(), None) == (None, None, ())


def test_a_raster_has_a_band_a_material(tmp_path: Path) -> None:
    known = shares().astype(np.float32)
    known[:, 2, 3] = -99.0
    found = read_unmixing_truth(mixed(), write_tiff(tmp_path / "truth.tif", known))
    assert found.abundances is not None
    assert np.isnan(found.abundances[:, 2, 3]).all()
    assert np.isnan(found.abundances).sum() == NUM


def test_arrays_are_a_truth() -> None:
    found = read_unmixing_truth(mixed(), {"abundances": shares()})
    assert found.spectra is None
    np.testing.assert_array_equal(found.abundances, shares())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"count": None}, "nothing says what it is unmixed into"),
        ({"count": 0}, "0 endmembers; at least 1"),
        ({"truth_abundances": shares()[:, 1:]}, "true abundances of shape"),
        ({"truth_spectra": spectra()[:, 1:]}, "true endmembers of shape"),
        ({"truth_spectra": spectra()[1:], "truth_abundances": shares()}, "of different numbers"),
    ],
)
def test_scenes_that_cannot_be(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        UnmixingScene(mixed(), **fields)


@pytest.mark.parametrize(("names", "by"), [(("c", "B", "a"), "names"), (("x", "y", "z"), "abundances")])
def test_without_true_spectra_names_or_abundances_match(names: tuple[str, ...], by: str) -> None:
    scene = UnmixingScene(mixed(), NUM, None, shares(), None, ("a", "b", "c"))
    found = agreement(scene, spectra()[::-1], names, shares()[::-1])
    assert found.by == by
    assert found.materials.found.tolist() == [2, 1, 0]
    assert found.metrics["armse"] == found.metrics["mae"] == 0.0
    assert "sad" not in found.metrics


def test_what_is_not_found_counts_as_absent() -> None:
    scene = UnmixingScene(mixed(), NUM, None, shares(), spectra())
    found = agreement(scene, spectra()[:2], ("1", "2"), shares()[:2])
    assert found.metrics["num_not_found"] == 1
    assert found.metrics["mae"] == pytest.approx(shares()[2].sum() / (NUM * ROWS * COLS))
