"""Benchmarks: planned, resumable, appended to, and compared."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

from hypersigma import cli
from hypersigma.data.sampling import SplitConfig
from hypersigma.engine import jobs
from hypersigma.engine.benchmark import BenchmarkConfig, plan, run
from hypersigma.engine.comparison import tables
from hypersigma.engine.results import read_rows
from hypersigma.engine.trial import Trial
from hypersigma.errors import ConfigError, HypersigmaError, InputError, MissingExtraError

pytest.importorskip("tensorly", reason="carries the Indian Pines scene")


def row(method: str, seed: int, oa: float, **changes: Any) -> dict[str, Any]:
    """A finished row of Indian Pines under `random`."""
    split = SplitConfig(num_per_class=10)
    made = Trial(task="classification", scene="indian_pines", method=method, split=split, seed=seed)
    names = ("oa", "aa", "kappa", "f1", "oa_low", "oa_high", "test_in_windows")
    costs = {"seconds": 1.0, "peak_memory_mb": 10.0}
    return made.identity | costs | {"metrics": dict.fromkeys(names, oa)} | changes


def test_all_that_there_is_is_planned_by_default() -> None:
    trials = plan(BenchmarkConfig(scenes=("indian_pines",)))
    assert {trial.seed for trial in trials} == {0, 1, 2, 3, 4}
    assert {"svm", "lda", "hypersigma-tiny"} <= {trial.method for trial in trials}
    assert {trial.split.protocol for trial in trials} >= {"random", "fields"}


def test_scenes_whose_files_are_elsewhere_are_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("HYPERSIGMA_DATA", raising=False)
    assert {trial.scene for trial in plan(BenchmarkConfig(methods=("svm",)))} == {"indian_pines"}
    assert "enmap_potsdam is left out: the tiles" in caplog.text


def test_methods_choose_the_scenes_of_their_task_where_none_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("HYPERSIGMA_DATA", raising=False)
    trials = plan(BenchmarkConfig(methods=("nlm", "hypersigma-tiny")))
    assert {(trial.task, trial.scene) for trial in trials} == {("denoising", "denoising_indian_pines")}
    assert "denoising_cave is left out: the files of CAVE are not shipped" in caplog.text
    assert "enmap_potsdam" not in caplog.text
    with pytest.raises(ConfigError, match="for classification and denoising; give those of one task"):
        plan(BenchmarkConfig(methods=("nlm", "svm")))


def test_settings_of_the_network_are_not_those_of_baselines() -> None:
    config = BenchmarkConfig(
        scenes=("indian_pines",),
        protocols=("random",),
        methods=("svm", "hypersigma-small"),
        seeds=(3,),
        num_per_class=(50,),
        weights="small",
        settings=("epochs=3",),
    )
    svm, ours = plan(config)
    assert (svm.weights, svm.settings, svm.split.num_per_class) == (None, (), 50)
    assert (ours.weights, ours.settings, ours.method) == ("small", ("epochs=3",), "hypersigma-small")


def test_any_protocol_may_be_asked_for() -> None:
    (trial,) = plan(BenchmarkConfig(scenes=("indian_pines",), protocols=("blocks",), methods=("svm",), seeds=(0,)))
    assert trial.split == SplitConfig(protocol="blocks")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scenes": ("indian_pine",)}, "did you mean 'indian_pines'"),
        ({"methods": ("svn",)}, "'svn' is not a method for classification: did you mean 'svm'"),
        ({"protocols": ("randm",)}, "indian_pines has no protocol 'randm': did you mean 'random'"),
    ],
)
def test_an_unknown_name_is_told_the_nearest(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        plan(BenchmarkConfig(**({"scenes": ("indian_pines",)} | changes)))


def test_a_benchmark_is_run_once_and_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "results" / "rows.jsonl"
    line = ["benchmark", "indian_pines", "--protocol", "random", "--methods", "lda", "svm", "--json-file", str(file)]
    line += ["--json", "--jobs", "2"]
    assert cli.main([*line, "--seeds", "0"]) == 0
    first = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["method"], row["seed"]) for row in first] == [("lda", 0), ("svm", 0)]
    assert all(0.4 < row["metrics"]["oa"] < 0.7 for row in first)
    assert all(row["peak_memory_mb"] > 0 for row in first)

    # a killed run leaves half a line behind
    with file.open("a") as stream:
        stream.write('{"task": "classif')
    assert cli.main([*line, "--seeds", "0", "1"]) == 0
    second = json.loads(capsys.readouterr().out)["rows"]
    assert len(second) == 4
    assert all(row in second for row in first)
    assert sorted(read_rows(file), key=str) == sorted(second, key=str)

    before = file.read_bytes()
    assert cli.main([*line, "--seeds", "1"]) == 0
    assert file.read_bytes() == before


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"a": 1}\n')
    with pytest.raises(InputError, match=r"rows\.jsonl, line 1: expected a row of benchmark results"):
        read_rows(file)


class BrokenPool(ThreadPoolExecutor):
    """A pool whose first task is ended by the system."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool())
        return future


def test_a_trial_ended_by_the_system_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_pool", BrokenPool)
    trial = Trial(task="classification", scene="indian_pines", method="svm", split=SplitConfig(), seed=0)
    with pytest.raises(HypersigmaError, match="give fewer --jobs"):
        run([trial], None)


def test_a_mistake_in_a_worker_comes_back_as_it_is() -> None:
    import pickle

    error = MissingExtraError("pyogrio", "geo", "reading a Shapefile")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_the_table_pairs_by_seed_with_the_best_baseline() -> None:
    rows = [row("svm", seed, 0.5 + seed / 10) for seed in (0, 1)]
    rows += [row("lda", seed, 0.4) for seed in (0, 1)]
    rows += [row("hypersigma-tiny", seed, 0.6 + seed / 10, weights="tiny") for seed in (1, 2)]
    (table,) = tables(rows)
    assert table.title == "indian_pines, random, 10 labels a class"
    by_method = {line[0]: dict(zip(table.columns, line, strict=True)) for line in table.rows}
    assert list(by_method) == ["hypersigma-tiny tiny", "svm", "lda"]
    assert by_method["hypersigma-tiny tiny"]["OA - best"] == "+0.100 ± 0.000 (1 of 1)"
    assert by_method["svm"]["OA"] == "0.550 ± 0.071"
    assert by_method["svm"]["OA - best"] == ""
    assert "OA whole fields" not in table.columns


def test_figures_without_cut_classes_are_shown_where_there_are_any() -> None:
    one = row("svm", 0, 0.5)
    one["metrics"]["oa_whole_fields"] = 0.25
    (table,) = tables([one, row("lda", 0, 0.4)])
    assert dict(zip(table.columns, table.rows[0], strict=True))["OA whole fields"] == "0.250 ± 0.000"


def test_methods_without_a_shared_seed_are_not_compared() -> None:
    (table,) = tables([row("svm", 0, 0.5), row("lda", 1, 0.4)])
    assert "no shared seed" in table.rows[1]


def test_each_split_has_its_table() -> None:
    other = SplitConfig(num_per_class=None)
    trial = Trial(task="classification", scene="indian_pines", method="svm", split=other, seed=0)
    assert len(tables([row("svm", 0, 0.5), row("svm", 0, 0.9) | trial.identity])) == 2
