"""On a CUDA card: sparse sampling attention against its published formulation, dense inference, and tiles on their way.

Run it with  python -m benchmarks.gpu ; it prints one line a case and appends them to results/gpu.jsonl. Before anything
is timed, values and gradients of the kernels are held against float64. Sides take turns; a time is the median of the
turns, with all that was begun on the card finished. A ratio above 1 means that the kernels are faster. "attend" is
attention from queries, keys and values on, "layer" has the projections around it. The floor of a layer, and the share
of dense inference, is what its matrix products would take at the rate of the card's best square product in that type;
products inside sparse sampling attention are not counted. Tiles go from arrays to arrays, one by one, as in a
prediction: networks "launched" anew for each or "recorded", copies "waited" for or made "meanwhile"; all four must say
the same.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.speed.published import sampled_mix
from hypersigma.engine.recorded import Function, recorded
from hypersigma.engine.transfer import Answer, Array, DirectLane, Lane, lane_to
from hypersigma.nn.attention import SparseSamplingAttention
from hypersigma.nn.attention.sparse_sampling import mixed_samples
from hypersigma.nn.attention.triton_sampling import has_kernel, sampled_on_grid
from hypersigma.nn.layout import Grid
from hypersigma.nn.sizes import SIZES
from hypersigma.tasks.classification.network import ClassificationNetwork, published_config

Row = dict[str, Any]

RESULTS = Path(__file__).parent / "results" / "gpu.jsonl"
TOKENS, TOKENS_A_BATCH = (256, 1024, 4096, 16384), 16384
# side of the image, patch, images
DENSE = ((128, 8, 16), (128, 2, 4), (256, 2, 1))
TILE_SIZES, TILE_SIDE, NUM_TILES = ("tiny", "base"), 64, 64
# largest difference from float64, over the largest number
TOLERANCES = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
GEMM_SIDES = (4096, 8192)
TURNS, SHORTEST = 9, 0.02


class Form(SparseSamplingAttention):
    """Sparse sampling attention whose middle is `mixed`, whatever the device."""

    def attend(self, query: Tensor, key: Tensor, value: Tensor, layout: Grid) -> Tensor:  # type: ignore[override]
        """Mixed values (B, heads, N, head_dim)."""
        offsets = self.offsets(rearrange(query, "b h n d -> b n (h d)"))
        offsets = rearrange(offsets, "b n (h p a) -> b h n p a", h=self.heads, a=2)
        return self.mixed(query, key, value, offsets, layout)

    def mixed(self, query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, grid: Grid) -> Tensor:
        """Mixed values from queries and offsets (B, heads, N, points, 2)."""
        raise NotImplementedError


class Published(Form):
    """The published formulation: keys and values as pictures of every head, each sampled by `grid_sample`."""

    def mixed(self, query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, grid: Grid) -> Tensor:
        """Mixed values as in `benchmarks/speed`."""
        return sampled_mix(query, key, value, offsets, (grid.rows, grid.cols))


class Plain(Form):
    """Ours without kernels, as it would be without Triton."""

    def mixed(self, query: Tensor, key: Tensor, value: Tensor, offsets: Tensor, grid: Grid) -> Tensor:
        """Mixed values as on a processor."""
        return mixed_samples(query, key, value, offsets, grid)


SIDES = {"published": Published, "plain": Plain, "kernel": SparseSamplingAttention}


def name(dtype: torch.dtype) -> str:
    """Such as "float32"."""
    return str(dtype).removeprefix("torch.")


def differences(device: torch.device, grid: Grid, dtype: torch.dtype) -> list[float]:
    """Largest differences of mixed values and gradients from the plain form in float64, over the largest number."""
    torch.manual_seed(0)
    tokens = grid.rows * grid.cols
    shapes = (2, tokens, 3, 3, 64), (2, tokens, 3, 8, 2), (2, 3, tokens, 64)
    drawn = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    # In steps that sums of float32 hold exactly: at a cell's border the slope would depend on the last digit.
    drawn[1] = ((128 * drawn[1]).round() + 0.5) / 64
    drawn = [part.to(dtype) for part in drawn]

    def outcome(by_kernel: bool, device: torch.device, dtype: torch.dtype) -> list[Tensor]:
        projected, offsets, gradient = (part.to(device, dtype) for part in drawn)
        projected, offsets = projected.requires_grad_(), offsets.requires_grad_()
        query, key, value = projected.permute(2, 0, 3, 1, 4)
        if by_kernel:
            mixed = sampled_on_grid(query, key, value, offsets.transpose(1, 2), grid)
        else:
            mixed = mixed_samples(query, key, value, offsets.transpose(1, 2), grid)
        return [mixed.detach(), *torch.autograd.grad(mixed, (projected, offsets), gradient)]

    pairs = zip(outcome(True, device, dtype), outcome(False, torch.device("cpu"), torch.float64), strict=True)
    return [float((ours.cpu().double() - exact).abs().max() / exact.abs().max()) for ours, exact in pairs]


def require_agreement(device: torch.device) -> None:
    """End where the kernels differ from float64 by more than rounding."""
    for dtype, tolerance in TOLERANCES.items():
        worst = max(differences(device, Grid(24, 40), dtype))
        if not worst <= tolerance:
            sys.exit(
                f"benchmarks/gpu.py: in {name(dtype)} the kernels are off float64 by {worst:.1e} of the largest "
                f"number, where rounding explains {tolerance:.0e}; nothing was measured"
            )
        print(f"{name(dtype)}: off float64 by {worst:.1e} of the largest number")


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Seconds a call takes on average, until the card has finished."""
    torch.cuda.synchronize()
    begun = time.perf_counter()
    for _ in range(repeats):
        call()
    torch.cuda.synchronize()
    return (time.perf_counter() - begun) / repeats


def medians(calls: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median seconds of each call; calls take turns, and short ones are repeated within a turn."""
    for call in calls.values():
        seconds(call, 2)  # compiles, and fills the caches of memory
    repeats = {side: max(1, round(SHORTEST / seconds(call, 2))) for side, call in calls.items()}
    turns = [{side: seconds(call, repeats[side]) for side, call in calls.items()} for _ in range(TURNS)]
    return {side: statistics.median(turn[side] for turn in turns) for side in calls}


def peak_megabytes(call: Callable[[], Any]) -> float:
    """Memory of the card that a call takes at most, above what was held before."""
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    call()
    return round((torch.cuda.max_memory_allocated() - before) / 2**20, 1)


def gemm_rate(device: torch.device, dtype: torch.dtype) -> float:
    """Best rate of a square matrix product, in FLOP a second."""
    rates = []
    for side in GEMM_SIDES:
        left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
        rates.append(2 * side**3 / medians({"product": partial(torch.mm, left, right)})["product"])
    return max(rates)


def flops(call: Callable[[], Any]) -> int:
    """Floating-point operations of the matrix products of a call."""
    with FlopCounterMode(display=False) as counter:
        call()
    return counter.get_total_flops()


def layer(form: SparseSamplingAttention, tokens: Tensor, _: Tensor, grid: Grid) -> None:
    """A layer on tokens (B, N, D), forward and backward."""
    mixed = form(tokens, grid)
    mixed.backward(torch.ones_like(mixed))


def attend(form: SparseSamplingAttention, _: Tensor, projected: Tensor, grid: Grid) -> None:
    """Attention from projected tokens (B, N, 3 D) on, forward and backward."""
    query, key, value = rearrange(projected, "b n (three h d) -> three b h n d", three=3, h=form.heads)
    mixed = form.attend(query, key, value, grid)
    mixed.backward(torch.ones_like(mixed))


def sampling(device: torch.device, dtype: torch.dtype, rate: float) -> Iterator[Row]:
    """Forward and backward of sparse sampling attention of base size, and its peak memory."""
    size = SIZES["base"]
    torch.manual_seed(0)
    forms = {side: form(size.dim, size.heads) for side, form in SIDES.items()}
    # Places between tokens, a few tokens away, no two alike: as in trained networks.
    nn.init.normal_(forms["kernel"].offsets.weight, std=0.05)
    for form in forms.values():
        form.load_state_dict(forms["kernel"].state_dict())
        form.to(device, dtype)
    for count in TOKENS:
        batch, grid = TOKENS_A_BATCH // count, Grid(math.isqrt(count), math.isqrt(count))
        tokens = torch.randn(batch, count, size.dim, device=device).to(dtype).requires_grad_()
        projected = forms["kernel"].qkv(tokens).detach().requires_grad_()
        for part in (attend, layer):
            calls = {side: partial(part, form, tokens, projected, grid) for side, form in forms.items()}
            taken = medians(calls)
            row: Row = {"case": "sampling", "part": part.__name__, "tokens": count, "batch": batch, "seconds": taken}
            row["ratio"] = round(taken["published"] / taken["kernel"], 2)
            if part is layer:
                row["times_floor"] = round(taken["kernel"] * rate / flops(calls["kernel"]), 2)
            row["peak_memory_mb"] = {side: peak_megabytes(call) for side, call in calls.items()}
            yield row


@torch.no_grad()
def dense(device: torch.device, dtype: torch.dtype, rate: float) -> Iterator[Row]:
    """Dense classification of base size: pixels a second, and how much of the rate of matrix products it reaches."""
    for side, patch, batch in DENSE:
        config = published_config(
            SIZES["base"], head="dense", channels=20, image=(side, side), patch=patch, num_classes=16
        )
        network = ClassificationNetwork(config).to(device, dtype).eval()
        call = partial(network, torch.randn(batch, 20, side, side, device=device).to(dtype))
        taken = medians({"network": call})["network"]
        yield {
            "case": "dense",
            "side": side,
            "patch": patch,
            "batch": batch,
            "seconds": taken,
            "pixels_a_second": round(batch * side**2 / taken),
            "share_of_gemm_rate": round(flops(call) / taken / rate, 3),
            "peak_memory_mb": peak_megabytes(call),
        }


class Waiting(DirectLane):
    """The way to a card where each copy is waited for."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def send(self, array: Array) -> Tensor:
        """An array on the card."""
        return torch.from_numpy(array).to(self._device)

    def fetch(self, tensor: Tensor) -> Answer:
        """The numbers of a tensor, which are there."""
        return tensor.cpu().numpy


def through(lane: Lane, function: Function, arrays: list[Array]) -> list[Array]:
    """What a function on a card says of arrays."""
    return list(lane.in_turn(lane.fetch(function(lane.send(array))) for array in arrays))


@torch.inference_mode()
def tiles(device: torch.device, dtype: torch.dtype, rate: float) -> Iterator[Row]:
    """Tiles through dense classification: tiles a second, by each way, and what the quickest one gains."""
    generator = np.random.default_rng(0)
    shape = (1, 20, TILE_SIDE, TILE_SIDE)
    arrays = [generator.standard_normal(shape).astype(np.float32) for _ in range(NUM_TILES)]
    for size in TILE_SIZES:
        config = published_config(
            SIZES[size], head="dense", channels=20, image=(TILE_SIDE, TILE_SIDE), patch=4, num_classes=16
        )
        network = ClassificationNetwork(config).to(device, dtype).eval()

        def launched(image: Tensor, network: nn.Module = network) -> Tensor:
            return network(image.to(dtype)).float()

        calls = {
            f"{copies}, {form}": partial(through, lane, function, arrays)
            for copies, lane in (("waited", Waiting(device)), ("meanwhile", lane_to(device)))
            for form, function in (("launched", launched), ("recorded", recorded(launched, device)))
        }
        off = {way: difference(call(), calls["waited, launched"]()) for way, call in calls.items()}
        if not max(off.values()) <= TOLERANCES[dtype]:
            sys.exit(f"benchmarks/gpu.py: tiles by another way are others, by a share of the largest number: {off}")
        taken = medians(calls)
        yield {
            "case": "tiles",
            "size": size,
            "side": TILE_SIDE,
            "patch": 4,
            "off": off,
            "tiles_a_second": {way: round(NUM_TILES / spent, 1) for way, spent in taken.items()},
            "gain": round(taken["waited, launched"] / taken["meanwhile, recorded"], 2),
            "share_of_gemm_rate": round(flops(calls["waited, launched"]) / taken["meanwhile, recorded"] / rate, 3),
        }


def difference(found: list[Array], expected: list[Array]) -> float:
    """The largest difference of answers, over the largest number."""
    return float(np.abs(np.subtract(found, expected)).max() / np.abs(expected).max())


def main() -> None:
    """Check, measure, print and store."""
    if not torch.cuda.is_available():
        sys.exit("benchmarks/gpu.py needs a CUDA card, and PyTorch finds none here; nothing was measured")
    device = torch.device("cuda", torch.cuda.current_device())
    if not has_kernel(device):
        sys.exit(
            "benchmarks/gpu.py: the kernels do not run on this card: Triton is missing, or the warning above says why; "
            "nothing was measured"
        )
    require_agreement(device)
    machine = {
        "card": torch.cuda.get_device_name(device),
        "torch": torch.__version__,
        "date": time.strftime("%Y-%m-%d"),
    }
    RESULTS.parent.mkdir(exist_ok=True)
    for dtype in TOLERANCES:
        rate = gemm_rate(device, dtype)
        for case in (sampling, dense, tiles):
            for row in case(device, dtype, rate):
                row = {**machine, "dtype": name(dtype), "gemm_tflops": round(rate / 1e12, 1), **row}
                print(row)
                with RESULTS.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
