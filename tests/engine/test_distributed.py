"""Two processes train as one does: started once, they do every run that the tests look at."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.multiprocessing
from safetensors.torch import load_file, save_file

from hypersigma.engine.distributed import World, _place, complete, distributed, started
from hypersigma.engine.masking import MaskedObjective
from hypersigma.engine.objective import Objective, Workload
from hypersigma.engine.pretrain import WEIGHTS
from hypersigma.engine.views import Images
from hypersigma.errors import HypersigmaError
from hypersigma.nn.backbone import Backbone, BackboneConfig, SpatialConfig, SpectralConfig
from hypersigma.nn.encoder import EncoderConfig
from tests.fakes.pretraining import CONFIG, executed, optimised, stop_after, toy, trained

Weights = dict[str, torch.Tensor]
# Without an average what is compared is what was trained; samples are few, so that two processes have two each.
ALONE = replace(optimised(average=0.0), records=replace(CONFIG.records, picture_every=3))
LAID_OUT: dict[str, dict[str, Any]] = {
    "ddp": {"sharding": "ddp"},
    "fsdp": {"sharding": "fsdp"},
    "ddp-parts": {"sharding": "ddp", "accumulation": 2},
    "fsdp-parts": {"sharding": "fsdp", "accumulation": 2, "checkpointing": True},
}
SMALL = EncoderConfig(dim=16, depth=2, heads=2, interval=2, taps=(0, 1))


def spoiled(step: int, part: int, num_parts: int) -> Images:
    """Images of which the last one of step 1 is no number."""
    batch = toy().batches(step, part, num_parts)
    if step == 1 and part == num_parts - 1:
        batch.image[-1, 0, 0, 0] = torch.nan
    return batch


class PassingThrough(MaskedObjective):
    """An objective that knows its counts from a forward pass only."""

    counts = Objective.counts


def by_passing_through() -> MaskedObjective:
    objective = toy().build()
    objective.__class__ = PassingThrough
    return objective


def first_numbers(folder: Path, world: World) -> None:
    """Write a network that was sharded before it had numbers."""
    with torch.device("meta"):
        config = BackboneConfig(
            spatial=SpatialConfig(encoder=SMALL, channels=6), spectral=SpectralConfig(encoder=SMALL, tokens=6)
        )
        network = Backbone(config).to(torch.bfloat16)
    torch.manual_seed(3)
    sharded = distributed(network, "fsdp", world)
    weights = {name: complete(weight).detach() for name, weight in sharded.state_dict().items()}
    if world.first:
        save_file(weights, folder / f"first-{world.size}.safetensors")


def refusal(work: Callable[[], Any]) -> str:
    try:
        work()
    except HypersigmaError as error:
        return str(error)
    return ""


def one_of_two(rank: int, port: int, folder: Path) -> None:
    """What each of the two processes does."""
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with started("cpu") as world:
        for name, changes in LAID_OUT.items():
            build = by_passing_through if name == "fsdp-parts" else toy().build
            trained(executed(ALONE, **changes), folder / name, workload=Workload(build, toy().batches))
        trained(executed(ALONE, sharding="fsdp"), folder / "to-two", resume=True)
        told = {
            "nan": refusal(lambda: trained(ALONE, folder / "nan", workload=Workload(toy().build, spoiled))),
            "none": refusal(lambda: trained(executed(sharding="none"), folder / "none")),
            "odd": refusal(lambda: trained(optimised(batch_size=3), folder / "odd")),
            "full": refusal(lambda: trained(ALONE, _no_folder(folder, world), resume=True)),
            "any": [world.any(world.first), world.any(False)],
        }
        (folder / f"told-{rank}.json").write_text(json.dumps(told))
        first_numbers(folder, world)


def _no_folder(folder: Path, world: World) -> Path:
    """A place where the first process, which makes folders, can make none."""
    if world.first:
        (folder / "taken").mkdir()
        (folder / "taken" / "checkpoints").write_text("")
    world.any(False)
    return folder / "taken"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    with suppress(KeyboardInterrupt):
        trained(ALONE, folder / "to-two", advance=stop_after(3))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.multiprocessing.spawn(one_of_two, (port, folder), nprocs=2)
    return folder


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return trained(ALONE, tmp_path_factory.mktemp("one"))


def largest_difference(first: Weights, second: Weights) -> float:
    assert first.keys() == second.keys()
    return max(float((first[name] - second[name]).abs().max()) for name in first)


@pytest.mark.parametrize("parts", ["", "-parts"])
def test_sharding_changes_no_bit(parts: str, runs: Path) -> None:
    assert (
        largest_difference(load_file(runs / f"ddp{parts}" / WEIGHTS), load_file(runs / f"fsdp{parts}" / WEIGHTS)) == 0
    )


@pytest.mark.parametrize("name", LAID_OUT)
def test_two_processes_are_one_with_the_doubled_batch(name: str, runs: Path, one: Weights) -> None:
    assert largest_difference(load_file(runs / name / WEIGHTS), one) < 1e-6
    lines = (runs / name / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [0, 1, 2]


def test_pictures_are_the_same_too(runs: Path) -> None:
    pictures = {(runs / name / "pictures" / "step_00000002.png").read_bytes() for name in LAID_OUT}
    assert len(pictures) == 1


def test_another_number_of_processes_goes_on(runs: Path, one: Weights, tmp_path: Path) -> None:
    assert largest_difference(load_file(runs / "to-two" / WEIGHTS), one) < 1e-6
    shutil.copytree(runs / "fsdp", tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints" / "step_00000003")
    steps: list[int] = []
    assert largest_difference(trained(ALONE, tmp_path / "run", resume=True, advance=steps.append), one) < 1e-6
    assert steps == [3]


def test_what_stops_one_process_stops_both(runs: Path) -> None:
    first, second = (json.loads((runs / f"told-{rank}.json").read_text()) for rank in (0, 1))
    assert first["nan"] == second["nan"]
    assert "is nan at step 1 (seed 0, samples 0 to 3" in first["nan"]
    assert "execution.sharding is none" in first["none"]
    assert "batch_size (3) is no multiple of 2: 2 processes x accumulation 1" in first["odd"]
    assert all("cannot be written" in told["full"] for told in (first, second))
    assert first["any"] == second["any"] == [True, False]


def test_a_network_gets_its_first_numbers_shard_by_shard(runs: Path) -> None:
    with started("cpu") as world:
        first_numbers(runs, world)
    two, alone = (load_file(runs / f"first-{size}.safetensors") for size in (2, 1))
    assert largest_difference(two, alone) == 0
    assert {weight.dtype for weight in two.values()} == {torch.bfloat16}
    assert float(two["spatial.encoder.blocks.0.mlp.expand.weight"].float().std()) == pytest.approx(0.02, rel=0.1)
    assert float(two["spectral.encoder.blocks.1.mlp.contract.weight"].float().std()) == pytest.approx(0.01, rel=0.1)
    assert two["spatial.encoder.blocks.0.attention_norm.weight"].unique().tolist() == [1]
    # An offset begins on the ring, and the embeddings are no zeros.
    assert two["spatial.encoder.blocks.0.attention.offsets.bias"].any()
    assert all(two[f"{kind}.embed.weight"].float().std() > 1e-3 for kind in ("spatial", "spectral"))


def test_the_environment_says_who_is_who() -> None:
    torchrun = {"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "MASTER_ADDR": "a", "SLURM_PROCID": "0"}
    slurm = {"SLURM_PROCID": "5", "SLURM_NTASKS": "6", "SLURM_LOCALID": "2", "MASTER_ADDR": "a"}
    assert _place(torchrun) == (3, 8, 1)
    assert _place(slurm) == (5, 6, 2)
    # A shell on a node of SLURM is one process.
    assert _place({"SLURM_PROCID": "0", "SLURM_NTASKS": "4"}) == (0, 1, 0)


def test_layouts_do_not_rule_the_numbers() -> None:
    changed = replace(executed(sharding="fsdp", accumulation=2), records=replace(CONFIG.records, keep=7))
    assert changed.ruling(0) == CONFIG.ruling(0) != CONFIG.ruling(1)
