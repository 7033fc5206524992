"""Settings of an unmixing that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from hypersigma.config import structure, unstructure
from hypersigma.errors import ConfigError
from hypersigma.tasks.unmixing.config import UnmixingTaskConfig


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": "tinny"}, "no size 'tinny'.*tiny"),
        ({"sparsity": -1.0}, "sparsity"),
        ({"variation": -1.0}, "variation"),
        ({"dropout": 1.0}, "dropout"),
        ({"logit_dropout": -0.1}, "logit_dropout"),
        ({"shade": True, "mode": "trained"}, "mode=frozen alone"),
        ({"shade": True, "sum_to_one": False}, "sum_to_one=true"),
        ({"smoothing": -1.0}, "smoothing is -1.0 pixels; expected 0"),
        ({"smoothing": float("nan")}, "smoothing is nan pixels"),
        ({"bundle": 0}, "bundle is 0"),
        ({"bundle": 3, "mode": "trained"}, "bundle is 3.*mode=frozen"),
        ({"tile": 16, "overlap": 16}, "overlap"),
        ({"patch": 0}, "patch"),
        ({"crops_per_batch": 0}, "crops_per_batch"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        UnmixingTaskConfig(**changes)


def test_settings_as_plain_data_and_back() -> None:
    config = UnmixingTaskConfig(endmembers="refined", mode="trained", compare="shape")
    assert structure(unstructure(config), UnmixingTaskConfig) == config
