"""Settings of a change detection that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from hypersigma.config import structure, unstructure
from hypersigma.errors import ConfigError
from hypersigma.tasks.change_detection.config import ChangeDetectionConfig


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"size": "tinny"}, "no size 'tinny'.*tiny"),
        ({"num_trees": 0}, "num_trees"),
        ({"cost": 0.0}, "cost"),
        ({"tile": 16, "overlap": 16}, "overlap"),
        ({"overlap": -1}, "overlap"),
        ({"patch": 0}, "patch"),
        ({"crops_per_batch": 0}, "crops_per_batch"),
        ({"window": 4}, "window must be 5 or 15 pixels, not 4"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ChangeDetectionConfig(**changes)


def test_settings_as_plain_data_and_back() -> None:
    config = ChangeDetectionConfig(num_trees=7, mode="trained", tile=32)
    assert structure(unstructure(config), ChangeDetectionConfig) == config
