"""The objective of masked autoencoding: with all that a step may draw, on one process or two, and what it leaves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import hypersigma as hs
from hypersigma.engine.masking import build_objective, workload
from hypersigma.engine.masking_settings import DecoderSettings, MaskingSettings
from hypersigma.engine.objective import Draws, Objective
from hypersigma.engine.pretrain import pretrain
from hypersigma.engine.recipe import OptimisationConfig, PretrainConfig, RecordsConfig
from hypersigma.engine.views import Images
from hypersigma.errors import ConfigError
from hypersigma.nn.sizes import SIZES, Size
from hypersigma.spectra import CANONICAL
from hypersigma.weights.encoders import load_encoders
from tests.engine.test_features import scene

MASKING = MaskingSettings(
    tile=16, grids=(2, 4), spectral_tiles=(1, 4, 16), decoder=DecoderSettings(dim=16, depth=1, heads=2)
)
CONFIG = PretrainConfig(
    masking=MASKING,
    data={"source": "noise", "side": 16},
    optimisation=OptimisationConfig(steps=2, batch_size=4, warmup=0, average=0.0),
    records=RecordsConfig(log_every=1, picture_every=2),
)
SPARSE = replace(CONFIG, masking=replace(MASKING, phase="sparse"))
JOINT = replace(CONFIG, masking=replace(MASKING, joint=True))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """An encoder that is trained in a moment."""
    monkeypatch.setitem(SIZES, "tiny", Size(24, 4, 2, 2, (1, 3)))


def batch(size: int = 4) -> Images:
    image = torch.rand(size, 100, 16, 16, generator=torch.Generator().manual_seed(0))
    return Images(image, torch.from_numpy((CANONICAL < 1350) | (CANONICAL > 1450)))


@pytest.mark.parametrize("config", [CONFIG, SPARSE, JOINT], ids=["masked", "sparse", "joint"])
def test_counts_are_known_before(config: PretrainConfig) -> None:
    objective = build_objective(config)
    for step in range(6):
        draws = Draws(0, step, 0, 4)
        inherited = Objective.counts(objective, batch(), draws)
        own = objective.counts(batch(), draws)
        assert {name: float(count) for name, count in own.items()} == {k: float(v) for k, v in inherited.items()}


@pytest.mark.parametrize("config", [CONFIG, SPARSE, JOINT], ids=["masked", "sparse", "joint"])
def test_every_parameter_learns(config: PretrainConfig) -> None:
    objective = build_objective(config)
    for step in range(4):
        losses = objective(batch(), Draws(0, step, 0, 4))
        sum(loss.total / loss.number for loss in losses.values()).backward()
    still = [name for name, weight in objective.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert not still
    assert objective.picture(batch(), Draws(0, 0, 0, 4)).shape == (3, 128, 192)


@pytest.mark.parametrize("config", [CONFIG, SPARSE, JOINT], ids=["masked", "sparse", "joint"])
def test_two_parts_are_one_whole(config: PretrainConfig) -> None:
    objective = build_objective(config).double()
    whole = Images(batch().image.double(), batch().present)
    for step in range(4):
        losses = objective(whole, Draws(0, step, 0, 4))
        parts = [
            objective(whole._replace(image=whole.image[first : first + 2]), Draws(0, step, first, 2))
            for first in (0, 2)
        ]
        for name, loss in losses.items():
            totals = [float(part[name].total.detach()) for part in parts]
            assert float(loss.total.detach()) == pytest.approx(sum(totals), rel=1e-9)


def test_what_is_missing_may_be_anything() -> None:
    objective, good = build_objective(CONFIG), batch()
    spoiled = good._replace(image=torch.where(good.present[:, None, None], good.image, torch.nan))
    for step in range(5):
        draws = Draws(0, step, 0, 4)
        for one, two in zip(objective(good, draws).values(), objective(spoiled, draws).values(), strict=True):
            torch.testing.assert_close(one.total, two.total)


def test_a_run_ends_with_weights_that_work(tmp_path: Path) -> None:
    pretrain(CONFIG, workload(CONFIG, 0), tmp_path / "masked", device="cpu")
    for folder in (tmp_path / "masked", tmp_path / "masked" / "shipped"):
        backbone = hs.load_backbone(folder, device="cpu")
        features = backbone.features(scene(CANONICAL, 20, 18))
        assert features.shape == (24 + 4 * 24, 20, 18) == (backbone.dim, 20, 18)
        assert torch.from_numpy(features).isfinite().all()
        assert backbone.radiometry == "reflectance"
    shipped = load_encoders(tmp_path / "masked" / "shipped").spatial
    assert shipped is not None
    assert {weight.dtype for weight in shipped.state.values()} == {torch.float16}
    assert not any(name.startswith(("decoder", "predict", "mask_token")) for name in shipped.state)
    card = (tmp_path / "masked" / "README.md").read_text()
    assert all(word in card for word in ("images of noise", "seed 0", "| 2 |", "batch_size: 4", "full attention"))


def test_the_last_phase_begins_with_the_first_and_trains_offsets(tmp_path: Path) -> None:
    pretrain(CONFIG, workload(CONFIG, 0), tmp_path / "masked", device="cpu")
    config = replace(SPARSE, masking=replace(SPARSE.masking, begin_with=str(tmp_path / "masked")))
    begun = workload(config, 0).build().networks["spatial"].state_dict()
    before = load_encoders(tmp_path / "masked").spatial
    assert before is not None
    assert all(torch.equal(begun[name], weight) for name, weight in before.state.items() if name in begun)
    pretrain(config, workload(config, 0), tmp_path / "sparse", device="cpu")
    after = load_encoders(tmp_path / "sparse").spatial
    assert after is not None
    offsets = [name for name in after.state if "offsets.weight" in name]
    # Blocks 0 and 2 of four have sparse sampling; offsets begin with a weight of zero, and move.
    assert len(offsets) == 2
    assert all(after.state[name].any() for name in offsets)
    assert after.card.config.encoder.interval == 2
    # Frozen, they run what they were trained with.
    backbone = hs.load_backbone(tmp_path / "sparse", device="cpu")
    assert torch.from_numpy(backbone.features(scene(CANONICAL, 20, 18))).isfinite().all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({}, "the recipe names no images"),
        ({"source": "stor"}, "did you mean 'store'"),
        ({"sources": [{"source": "noise", "weight": 0.0}]}, "weights above 0"),
        ({"sources": [{"source": "noise"}], "weight": 1}, "a list `sources` alone"),
        ({"source": "noise", "sde": 3}, "did you mean 'side'"),
        ({"sources": ["noise"]}, "source"),
    ],
)
def test_data_that_do_not_fit_are_told(data: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        workload(replace(CONFIG, data=data), 0)


def test_one_encoder_cannot_be_joint() -> None:
    with pytest.raises(ConfigError, match="joint"):
        replace(JOINT, encoders="spatial")
