"""What weights record of their own making."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hypersigma.engine.masking_settings import MaskingSettings
from hypersigma.engine.pretrained_folder import history_of, shipped
from hypersigma.engine.recipe import OptimisationConfig, PretrainConfig
from hypersigma.nn.mae import MaskedAutoencoder
from hypersigma.weights.encoders import load_encoders
from hypersigma.weights.pretrained import Card, History, Pretrained
from tests.fakes.encoders import CONFIGS, save

CONFIG = PretrainConfig(data={"source": "noise"}, optimisation=OptimisationConfig(steps=10, batch_size=4, warmup=0))


def test_later_phases_count_the_images_of_earlier_ones(tmp_path: Path) -> None:
    assert history_of(CONFIG, 0) == History(images=40, patches=40)
    before = Card(CONFIGS["spatial"], "reflectance", history=History(images=100, patches=60))
    Pretrained(before, MaskedAutoencoder(CONFIGS["spatial"]).state_dict()).save(tmp_path)
    later = replace(CONFIG, masking=MaskingSettings(begin_with=str(tmp_path)))
    assert history_of(later, 0) == History(images=140, patches=60)


def test_after_weights_of_unknown_making_nothing_is_known(tmp_path: Path) -> None:
    later = replace(CONFIG, masking=MaskingSettings(begin_with=str(save(tmp_path, "spatial"))))
    assert history_of(later, 0) == History()


@pytest.mark.parametrize("kinds", [("spatial",), ("spatial", "spectral")])
def test_parameters_are_those_of_encoders(kinds: tuple[str, ...], tmp_path: Path) -> None:
    encoders = load_encoders(save(tmp_path, *kinds))
    assert encoders.history == History()
    networks = [MaskedAutoencoder(CONFIGS[kind]) for kind in kinds]
    own = ("embed", "encoder", "norm")
    wanted = sum(one.numel() for net in networks for part in own for one in getattr(net, part).parameters())
    assert encoders.num_parameters == wanted
    assert sum(shipped(part).num_parameters for part in encoders.parts) == wanted
