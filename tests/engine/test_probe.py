"""Probes of features: through the command, on the same splits, and carried over to other sensors."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hypersigma import cli
from hypersigma.data.sampling import SplitConfig
from hypersigma.engine import probe
from hypersigma.engine.probe import Name, run_probes
from hypersigma.engine.probe_features import sample, untrained
from hypersigma.engine.probe_plan import MARK, ProbeConfig, plan
from hypersigma.engine.results import read_rows
from hypersigma.engine.trial import Trial
from hypersigma.weights.encoders import load_encoders
from tests.engine.test_features import DIM
from tests.fakes.encoders import save
from tests.fakes.grounds import NAME, ground, register


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


@pytest.fixture
def weights(tmp_path: Path) -> str:
    return str(save(tmp_path / "weights", "spatial", "spectral"))


def trial(method: str, *settings: str, seed: int = 0, weights: str | None = None) -> Trial:
    split = SplitConfig(num_per_class=5)
    return Trial(
        task="classification", scene=NAME, method=method, split=split, seed=seed, weights=weights, settings=settings
    )


def test_features_are_probed_once_and_told(
    weights: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.jsonl"
    line = ["benchmark", NAME, "--probe", "--weights", weights, "--protocol", "random", "--num-per-class", "5"]
    line += ["--seeds", "0", "--json-file", str(file)]
    assert cli.main(line) == 0
    told = capsys.readouterr().out
    assert "toy, random, 5 labels a class" in told
    assert "Probes carried over to other sensors" in told
    rows = read_rows(file)
    kinds = ["raw", "pca_smoothed", *(f"{one}{part}" for one in ("random", "frozen") for part in _PARTS)]
    wanted = [f"probe_{estimator}_{kind}" for estimator in ("linear", "knn") for kind in kinds]
    wanted += [MARK, *["carried_linear_random", "carried_linear_frozen"] * 3]
    assert sorted(row["method"] for row in rows) == sorted(wanted)
    assert all({"oa", "aa", "kappa", "seconds_features"} <= set(row["metrics"]) for row in rows)
    assert all(("pretraining" in row) == _encoded(row["method"]) for row in rows)
    assert all(row["weights"] == (weights if _encoded(row["method"]) else None) for row in rows)
    assert all(row["metrics"]["oa"] > 0.9 for row in rows if row["method"] == "probe_linear_raw")

    # What stands in the file is not computed again.
    monkeypatch.setattr(probe, "sample", None)
    before = file.read_bytes()
    assert cli.main([*line, "--json"]) == 0
    assert sorted(json.loads(capsys.readouterr().out)["rows"], key=str) == sorted(rows, key=str)
    assert file.read_bytes() == before


def test_every_budget_protocol_and_seed_is_probed(weights: str) -> None:
    jobs = plan(ProbeConfig(scenes=(NAME,), seeds=(0, 1), weights=weights))
    trials = [trial for job in jobs for trial in job.trials]
    every = [(protocol, budget, seed) for protocol in ("random", "fields") for budget in (5, 10) for seed in (0, 1)]
    for method in ("probe_linear_frozen", "probe_knn_raw", MARK):
        mine = [trial for trial in trials if trial.method == method]
        found = [(trial.split.protocol, trial.split.num_per_class, trial.seed) for trial in mine]
        assert sorted(found) == sorted(every)
    # To other sensors with the largest budget alone, on random pixels.
    carried = [trial for trial in trials if trial.method == "carried_linear_frozen"]
    assert {(trial.split.protocol, trial.split.num_per_class) for trial in carried} == {("random", 10)}
    assert {trial.settings for trial in carried} == {(f"sensor={name}",) for name in ("enmap", "prisma", "vnir_camera")}


_PARTS = ("", "_spatial", "_spectral")


def _encoded(method: str) -> bool:
    return Name.of(method).kind.startswith(("random", "frozen"))


def test_without_weights_classical_features_alone_are_probed() -> None:
    methods = {trial.method for job in plan(ProbeConfig(scenes=(NAME,))) for trial in job.trials}
    assert not any(_encoded(method) for method in methods)
    assert MARK in methods


def test_one_encoder_has_no_parts(weights: str) -> None:
    jobs = plan(ProbeConfig(scenes=(NAME,), weights=f"{weights}/spatial"))
    kinds = {Name.of(trial.method).kind for job in jobs for trial in job.trials}
    assert {"frozen", "random"} < kinds
    assert not any(kind.endswith(("_spatial", "_spectral")) for kind in kinds)


def test_parts_are_the_features_of_each_encoder(weights: str) -> None:
    scenes = [ground()]
    both = sample(scenes, "frozen", weights, "cpu")
    for kind in ("spatial", "spectral"):
        alone = sample(scenes, "frozen", f"{weights}/{kind}", "cpu")
        np.testing.assert_array_equal(both.values[:, both.parts[f"frozen_{kind}"]], alone.values)
        assert alone.values.shape == (scenes[0].labels.size, DIM)


def test_random_encoders_are_the_same_each_time_and_not_those_given(weights: str) -> None:
    encoders = load_encoders(weights)
    first, again = untrained(encoders, 7), untrained(encoders, 7)
    assert first.spatial is not None
    assert again.spatial is not None
    assert encoders.spatial is not None
    name = "encoder.blocks.0.mlp.expand.weight"
    assert first.spatial.state[name].equal(again.spatial.state[name])
    assert not first.spatial.state[name].equal(encoders.spatial.state[name])


def test_a_probe_carried_over_to_the_same_bands_loses_nothing(weights: str) -> None:
    """The scene is AVIRIS of 1992: its own bands under that name are those that it has."""
    (row,) = run_probes("frozen", [trial("carried_linear_frozen", "sensor=aviris_1992", weights=weights)], "cpu")
    (plain,) = run_probes("frozen", [trial("probe_linear_frozen", weights=weights)], "cpu")
    assert row["metrics"]["oa"] == row["metrics"]["oa_own"] == plain["metrics"]["oa"]


def test_a_probe_is_carried_over_by_what_it_learned_on_its_own_sensor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sensor that sees everything upside down: its own probe is right, the one carried over is not."""
    real = sample

    def turned(scenes, source, weights, device):
        found = real(scenes, source, weights, device)
        if scenes[0].cube.sensor != "AVIRIS":
            found.values[:] = -found.values
        return found

    monkeypatch.setattr(probe, "sample", turned)
    (row,) = run_probes("raw", [trial("carried_linear_raw", "sensor=aviris_1992")], "cpu")
    assert row["metrics"]["oa_own"] > 0.9
    assert row["metrics"]["oa"] < 0.5


def test_a_scene_that_is_brighter_throughout_is_known_by_its_own_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features of another sensor that are a line of one's own: shared bands, each scene standardised, lose nothing."""
    real = sample

    def brighter(scenes, source, weights, device):
        found = real(scenes, source, weights, device)
        if scenes[0].cube.sensor == "AVIRIS":
            return found
        return replace(found, values=7 + 3 * found.values, mean=7 + 3 * found.mean, deviation=3 * found.deviation)

    monkeypatch.setattr(probe, "sample", brighter)
    (row,) = run_probes("raw", [trial("carried_linear_raw", "sensor=aviris_1992")], "cpu")
    assert row["metrics"]["oa_shared"] == pytest.approx(row["metrics"]["oa_own"], abs=0.01)
    assert row["metrics"]["oa"] < 0.5


def test_settings_of_networks_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["benchmark", NAME, "--probe", "--methods", "svm"]) == 2
    assert "leave out --methods" in capsys.readouterr().err
