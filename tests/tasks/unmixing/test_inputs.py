"""What a person gives an unmixing, and what cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hypersigma.errors import InputError
from hypersigma.tasks.unmixing.inputs import load_inputs
from hypersigma.writers.library import write
from tests.fakes.matlab import write_v5
from tests.fakes.mixtures import library, mixed, shares, spectra


@pytest.mark.parametrize(("given", "count"), [(3, 3), ("3", 3), ("auto", "auto"), ("Auto ", "auto")])
def test_a_number_or_auto(given: Any, count: Any) -> None:
    (scene,) = load_inputs([mixed()], given)
    assert (scene.count, scene.library, scene.has_truth) == (count, None, False)


def test_a_library_alone_is_what_the_scene_is_unmixed_into(tmp_path: Path) -> None:
    path = write(library(), tmp_path / "ends")
    (scene,) = load_inputs([mixed()], library=path, spectra="water, clay")
    assert scene.count is None
    assert scene.library is not None
    assert scene.library.names == ("water", "clay")
    (both,) = load_inputs([mixed()], 2, library())
    assert both.count == 2
    assert both.library is not None


def test_a_truth_is_for_scoring(tmp_path: Path) -> None:
    path = write_v5(tmp_path / "truth.mat", A=np.moveaxis(shares(), 0, -1), M=spectra())
    (scene,) = load_inputs([mixed()], 3, truth=path)
    assert scene.has_truth
    assert scene.materials == ("material 1", "material 2", "material 3")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "needs --endmembers N, --endmembers auto, or --library FILE"),
        ({"endmembers": "many"}, "'many'; expected a whole number of 1 or more, or auto"),
        ({"endmembers": 0}, "'0'; expected"),
        ({"endmembers": 2.5}, "'2.5'; expected"),
        ({"endmembers": 2, "spectra": "water"}, "add --library FILE"),
        ({"endmembers": 2, "groups": "kinds.csv"}, "groups of spectra are given, but no library"),
        ({"library": "missing.sli"}, "there is no such file"),
        ({"endmembers": 2, "truth": "missing.mat"}, "missing.mat"),
    ],
)
def test_inputs_that_cannot_be(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_inputs([mixed()], **settings)


def test_one_truth_is_of_one_scene() -> None:
    with pytest.raises(InputError, match="one truth for 2 scenes"):
        load_inputs([mixed(), mixed()], 2, truth={"abundances": shares()})
