"""How many endmembers a scene holds, where its materials vary."""

from __future__ import annotations

import numpy as np
import pytest

from hypersigma.data.endmember_count import counted, moves
from hypersigma.data.unmixing_sample import Sample
from hypersigma.errors import InputError
from tests.fakes.mixtures import BANDS, NUM, spectra


def varied(*, spread: float, count: int = 3000) -> Sample:
    """Pixels of three materials, many of them almost pure, each with a smooth variation of its own."""
    generator = np.random.default_rng(2)
    mixture = generator.dirichlet(np.full(NUM, 0.3), count).T
    places = np.linspace(0.0, 1.0, BANDS)
    waves = np.stack([np.cos(np.pi * (order + 1) * places) for order in range(5)])
    changes = spread * generator.standard_normal((count, 5)) @ waves
    image = spectra().T @ mixture + changes.T + 0.001 * generator.standard_normal((BANDS, count))
    return Sample(image.astype(np.float32), image.astype(np.float32))


def test_what_varies_within_materials_is_none() -> None:
    found = counted(varied(spread=0.02))
    assert min(found.hysime.num_endmembers, found.hfc.num_endmembers) > NUM
    assert found.num_endmembers == NUM
    assert found.moved[NUM - 2] < 0.5 < found.moved[NUM - 1 :].min()
    assert "is the most that are found again" in found.note


def test_convex_mixtures_have_as_many_as_they_have() -> None:
    assert counted(varied(spread=0.0)).num_endmembers == NUM


def test_of_one_material_there_is_one() -> None:
    generator = np.random.default_rng(0)
    image = spectra()[0][:, None] + 0.01 * generator.standard_normal((BANDS, 500))
    assert counted(Sample(image, image)).num_endmembers == 1


def test_parts_that_do_not_hold_so_many_agree_on_nothing() -> None:
    image = np.tile(spectra()[0][:, None], (1, 40))
    assert moves([Sample(image, image)] * 3, 2) == np.inf


def test_too_few_pixels_are_told() -> None:
    few = np.ones((BANDS, 5))
    with pytest.raises(InputError, match="cannot be told.*--endmembers N"):
        counted(Sample(few, few))
