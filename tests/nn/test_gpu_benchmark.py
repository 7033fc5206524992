"""What the benchmark of CUDA cards does where there is none."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import torch

from hypersigma.nn.layout import Grid
from tests.attention_loop import attention, by_loop

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.py"


@pytest.fixture(scope="module")
def benchmark():
    spec = spec_from_file_location("gpu", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("side", ["published", "plain"])
def test_all_sides_compute_the_same(benchmark, side):
    built = attention()
    form = benchmark.SIDES[side](9, 2, points=3).double()
    form.load_state_dict(built.state_dict())
    tokens = torch.randn(2, 12, 9, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(form(tokens, Grid(3, 4)), by_loop(built, tokens, 3, 4))


def test_tiles_are_the_same_by_each_way(benchmark):
    device = torch.device("cpu")
    arrays = [np.full((1, 2), index, np.float32) for index in range(5)]
    for lane in (benchmark.Waiting(device), benchmark.lane_to(device)):
        found = benchmark.through(lane, benchmark.recorded(torch.square, device), arrays)
        assert benchmark.difference(found, [array**2 for array in arrays]) == 0
        assert benchmark.difference(found, arrays) == 3


def test_ways_of_tiles_are_compared_and_counted(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark, "TILE_SIZES", ("tiny",))
    monkeypatch.setattr(benchmark, "NUM_TILES", 2)
    monkeypatch.setattr(benchmark, "medians", lambda calls: dict(zip(calls, (4.0, 3.0, 2.0, 1.0), strict=True)))
    (row,) = benchmark.tiles(torch.device("cpu"), torch.float32, 1e12)
    assert set(row["off"].values()) == {0.0}
    assert row["gain"] == 4
    assert row["tiles_a_second"]["meanwhile, recorded"] == 2


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA card")
def test_without_a_card_it_says_so():
    command = [sys.executable, "-m", "benchmarks.gpu"]
    told = subprocess.run(command, cwd=SCRIPT.parents[1], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert told.stderr.strip() == (
        "benchmarks/gpu.py needs a CUDA card, and PyTorch finds none here; nothing was measured"
    )
