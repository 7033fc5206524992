"""A pre-training run in its folder: killed, resumed, refused, and stopped by what it cannot go on from."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import re
import resource
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import matplotlib.image
import pytest
import torch
import yaml
from safetensors.torch import load_file

from hypersigma.config import load_yaml
from hypersigma.engine.distributed import started
from hypersigma.engine.masking_settings import MaskingSettings
from hypersigma.engine.objective import Workload
from hypersigma.engine.pretrain import WEIGHTS, pretrain
from hypersigma.engine.recipe import OptimisationConfig, PretrainConfig, RecordsConfig
from hypersigma.engine.trainer import Trainer
from hypersigma.engine.views import Images
from hypersigma.errors import ConfigError, OutputError, WeightsError
from tests.fakes.pretraining import CONFIG, executed, optimised, stop_after, toy, trained

LONGER = optimised(steps=5)


def equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def checkpoints(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing happened to."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    trained(CONFIG, folder)
    return folder


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A finished run that a test may spoil."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / WEIGHTS)


def killed(folder: Path) -> None:
    """A run that is killed between two checkpoints."""
    torch.set_num_threads(1)

    def advance(done: int) -> None:
        if done == 4:
            # The checkpoint of step 4 is on its way; that of step 2 is there.
            os.kill(os.getpid(), signal.SIGKILL)

    pretrain(LONGER, toy(LONGER), folder, device="cpu", advance=advance)


def test_a_killed_run_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=killed, args=(tmp_path / "killed",))
    process.start()
    uninterrupted = trained(LONGER, tmp_path / "whole")
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert "step_00000002" in checkpoints(tmp_path / "killed")
    assert not (tmp_path / "killed" / "network.safetensors").exists()
    steps: list[int] = []
    resumed = trained(LONGER, tmp_path / "killed", resume=True, advance=steps.append)
    assert steps[0] in (3, 5)
    assert equal(uninterrupted, resumed)
    assert [line["step"] for line in lines(tmp_path / "killed")] == list(range(5))
    for one, two in zip(lines(tmp_path / "whole"), lines(tmp_path / "killed"), strict=True):
        assert (one["spatial"], one["gradient_norm"]) == (two["spatial"], two["gradient_norm"])
    # The last two are kept, and nothing half written is left.
    assert checkpoints(tmp_path / "killed") == ["step_00000004", "step_00000005"]


def test_it_learns_and_says_how(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "hypersigma")
    config = optimised(steps=30, learning_rate=2e-2, clip=1.0, average=0.0, layer_decay=1.0)
    config = replace(config, records=RecordsConfig(save_every=100, log_every=10, picture_every=15))
    trained(config, tmp_path, workload=Workload(toy().build, lambda step, part, parts: toy(config).batches(0, 0, 1)))
    log = lines(tmp_path)
    assert [line["step"] for line in log] == [0, 9, 19, 29]
    said = [record.getMessage() for record in caplog.records]
    assert re.match(r"training both encoders of size tiny: with decoders 0\.\d million parameters", said[0])
    assert said[1:3] == [
        "30 steps of 4 images on cpu",
        f"log: {tmp_path}/log.jsonl, step 1 and every 10; checkpoints every 100",
    ]
    assert [line.split(", ")[0].split(" ")[:3] for line in said[3:]] == [
        ["step", f"{step}:", "spatial"] for step in (1, 10, 20, 30)
    ]
    assert log[-1]["spatial"] < 0.8 * log[0]["spatial"]
    assert all(line["samples_per_second"] > 0 and line["memory_mb"] > 1 for line in log)
    pictures = sorted((tmp_path / "pictures").iterdir())
    assert [path.name for path in pictures] == ["step_00000014.png", "step_00000029.png"]
    # Original, seen, predicted; a row for each encoder.
    assert matplotlib.image.imread(pictures[0]).shape[:2] == (128, 192)
    assert load_yaml(tmp_path / "recipe.yaml", PretrainConfig) == config
    assert list((tmp_path / "tensorboard").iterdir())


@pytest.mark.parametrize("changes", [{"checkpointing": True}, {"sharding": "none"}, {"sharding": "fsdp"}])
def test_layout_changes_no_bit_on_one_device(changes: dict[str, object], finished: Path, tmp_path: Path) -> None:
    assert equal(weights(finished), trained(executed(**changes), tmp_path))


def test_parts_change_rounding_alone(tmp_path: Path) -> None:
    config = optimised(average=0.0)
    whole, parts = (
        trained(executed(config, accumulation=number), tmp_path / str(number), workload=toy(config, torch.float64))
        for number in (1, 4)
    )
    assert all(torch.allclose(whole[name], parts[name], rtol=0, atol=1e-12) for name in whole)


def test_stochastic_depth_is_repeatable(tmp_path: Path) -> None:
    class Half(torch.nn.Module):
        def forward(self, branch: torch.Tensor) -> torch.Tensor:
            return branch * (torch.rand(len(branch), 1, 1) < 0.5)

    def build() -> torch.nn.Module:
        objective = toy().build()
        objective.networks["spatial"].encoder.blocks[1].drop_path = Half()
        return objective

    work = Workload(build, toy().batches)
    with pytest.raises(KeyboardInterrupt):
        trained(CONFIG, tmp_path / "stopped", workload=work, advance=stop_after(2))
    resumed = trained(CONFIG, tmp_path / "stopped", workload=work, resume=True)
    assert equal(resumed, trained(CONFIG, tmp_path / "whole", workload=work))


def test_bfloat16_is_near(finished: Path, tmp_path: Path) -> None:
    low = trained(optimised(precision="bf16"), tmp_path)
    assert {weight.dtype for weight in low.values()} == {torch.float32}
    assert not equal(low, weights(finished))
    assert lines(tmp_path)[0]["spatial"] == pytest.approx(lines(finished)[0]["spatial"], rel=1e-2)


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    def batches(step: int, part: int, num_parts: int) -> Images:
        batch = toy(LONGER).batches(step, part, num_parts)
        if step == 3:
            batch.image[1] = torch.nan
        return batch

    with pytest.raises(ConfigError, match=r"the spatial is nan at step 3 \(seed 5, samples 0 to 3 of that step\)"):
        trained(LONGER, tmp_path, workload=Workload(toy().build, batches), seed=5)
    assert checkpoints(tmp_path) == ["step_00000002"]
    # The batch mended, it goes on.
    assert equal(trained(LONGER, tmp_path, resume=True, seed=5), trained(LONGER, tmp_path / "whole", seed=5))


def test_every_trained_parameter_moves(tmp_path: Path) -> None:
    with started("cpu") as world:
        trainer = Trainer(CONFIG, toy(), world, 0)
        before = {name: weight.detach().clone() for name, weight in trainer.objective.named_parameters()}
        for step in range(2):
            trainer.step(step)
    still = [name for name, weight in trainer.objective.named_parameters() if torch.equal(weight, before[name])]
    assert not still


def test_a_run_is_not_begun_over(finished: Path) -> None:
    with pytest.raises(OutputError, match="holds a run of 3 steps; go on with --resume"):
        trained(CONFIG, finished)


def test_another_recipe_is_told_by_its_keys(run: Path) -> None:
    other = replace(optimised(learning_rate=2e-3), masking=MaskingSettings(patch=4))
    with pytest.raises(ConfigError, match=r"masking\.patch was 8 and is 4; optimisation\.learning_rate was 0\.001 and"):
        trained(other, run, resume=True)
    with pytest.raises(ConfigError, match="seed was 0 and is 1"):
        trained(CONFIG, run, resume=True, seed=1)
    # How it is laid out and logged is free.
    trained(replace(executed(checkpointing=True), records=RecordsConfig(keep=9)), run, resume=True)


class Code:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch ran",)


def with_code(place: Path) -> None:
    (place / ".metadata").write_bytes(pickle.dumps(Code()))


def with_code_inside(place: Path) -> None:
    # As an attacker would: the index is whole, and one thing in it runs.
    index = pickle.loads((place / ".metadata").read_bytes())
    index.planner_data = Code()
    (place / ".metadata").write_bytes(pickle.dumps(index))


def with_code_by_way_of_a_module(place: Path) -> None:
    # The pickle of os.system("touch ran"), reached as what a module of the index has imported.
    module, name = b"torch.distributed.checkpoint.metadata", b"os.system"
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text for text in (module, name))
    (place / ".metadata").write_bytes(b"\x80\x04" + texts + b"\x93\x8c\x09touch ran\x85R.")


def with_objects(place: Path) -> None:
    from torch.distributed.checkpoint.metadata import BytesStorageMetadata

    index = pickle.loads((place / ".metadata").read_bytes())
    index.state_dict_metadata["extra"] = BytesStorageMetadata()
    (place / ".metadata").write_bytes(pickle.dumps(index))


def with_code_for_a_tensor(place: Path) -> None:
    (shard,) = place.glob("*.distcp")
    data = shard.read_bytes()
    # Each tensor is an archive of its own; the first one's pickle is replaced, and its length kept.
    evil = pickle.dumps(Code(), protocol=2)
    at = data.index(b"data.pkl")
    start = data.index(b"\x80\x02", at)
    shard.write_bytes(data[:start] + evil + data[start + len(evil) :])


def cut_short(place: Path) -> None:
    (shard,) = place.glob("*.distcp")
    shard.write_bytes(shard.read_bytes()[:1000])


def without_facts(place: Path) -> None:
    (place / "state.json").write_text("{")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (with_code, "which is code"),
        (with_code_inside, "which is code"),
        (with_code_by_way_of_a_module, "which is code"),
        (with_objects, "'extra' is no tensor and may carry code"),
        (with_code_for_a_tensor, "damaged"),
        (cut_short, "damaged"),
        (without_facts, "damaged"),
        (lambda place: (place / ".metadata").write_bytes(pickle.dumps([])), "found list, expected the index"),
        (lambda place: (place / ".metadata").write_bytes(b""), "refused"),
    ],
)
def test_what_cannot_be_trusted_is_refused(
    harm: Callable[[Path], None], message: str, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run)
    harm(run / "checkpoints" / "step_00000003")
    with pytest.raises(WeightsError, match=message):
        trained(CONFIG, run, resume=True)
    assert not (run / "ran").exists()


def test_another_network_is_refused(run: Path) -> None:
    def build() -> torch.nn.Module:
        objective = toy().build()
        objective.networks["spatial"].mask_token = torch.nn.Parameter(torch.zeros(1, 1, 8))
        return objective

    with pytest.raises(WeightsError, match=r"of another network: 4 tensors differ.*mask_token.*16\), expected .*8\)"):
        trained(CONFIG, run, resume=True, workload=Workload(build, toy().batches))


def test_a_full_disk_stops_cleanly(tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(done: int) -> None:
        if done == 3:
            while "step_00000002" not in checkpoints(tmp_path):
                time.sleep(0.01)
            # From now on no file can grow beyond this, which is how a full disk looks from inside.
            resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))

    try:
        with pytest.raises(OutputError, match="the checkpoint cannot be written .*earlier ones are whole"):
            trained(LONGER, tmp_path, advance=fill)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert checkpoints(tmp_path) == ["step_00000002"]
    assert equal(trained(LONGER, tmp_path, resume=True), trained(LONGER, tmp_path / "whole"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: OptimisationConfig(steps=0), "must be at least 1"),
        (lambda: OptimisationConfig(learning_rate=0.0), "learning_rate"),
        (lambda: OptimisationConfig(layer_decay=0.0), "layer_decay"),
        (lambda: OptimisationConfig(average=1.0), "average"),
        (lambda: executed(accumulation=0), "accumulation"),
        (lambda: RecordsConfig(keep=0), "keep"),
        (lambda: MaskingSettings(mask_ratio=0.0), "mask_ratio"),
        (lambda: MaskingSettings(patch=5), "no whole number of patches"),
        (lambda: PretrainConfig(size="hug"), "did you mean 'huge'"),
    ],
)
def test_impossible_recipes_are_refused(change: Callable[[], object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        change()


def test_an_unknown_key_gets_a_suggestion(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump({"optimisation": {"learning_rat": 1e-3}}))
    with pytest.raises(ConfigError, match=r"optimisation.*'learning_rat': did you mean 'learning_rate'"):
        load_yaml(tmp_path / "recipe.yaml", PretrainConfig)


def test_half_a_line_of_a_log_is_dropped(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt):
        trained(CONFIG, tmp_path, advance=stop_after(2))
    with (tmp_path / "log.jsonl").open("a") as log:
        log.write('{"step": 2, "spat')
    trained(CONFIG, tmp_path, resume=True)
    assert [line["step"] for line in lines(tmp_path)] == [0, 1, 2]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(OutputError, match="the folder holds something; empty it, or choose another -o"):
        trained(CONFIG, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
