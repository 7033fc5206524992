"""Time, memory and products of our networks beside the published formulation.

    python -m benchmarks.speed [--threads 1] [--rounds 3] [CASE ...]
    python -m benchmarks.speed --layers

All forms of a case run in turn in one process, round after round; the least processor time counts, and ratios are
what to trust. Memory is measured in fresh processes, above the weights, with what the first call of a process takes.
The floor is the products that are needed over the best rate of products of this machine in the same run. Half
precision and packed weights are left out where the processor gains nothing by them. Rows are added to
`results/speed.jsonl`, so that a step back shows; a picture of the layers goes to `docs/images/attention_layers.png`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.speed import machine
from benchmarks.speed.cases import CASES, LAYERS, PRODUCTS, PUBLISHED, Case

ROOT = Path(__file__).parents[2]
ROWS, PICTURE = ROOT / "benchmarks/results/speed.jsonl", ROOT / "docs/images/attention_layers.png"


def main() -> None:
    """Measure the cases that are asked for, print and add rows."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("cases", nargs="*", help="beginnings of the names of cases; all where there are none")
    parser.add_argument("--layers", action="store_true", help="single layers against the number of tokens")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-memory", action="store_true", help="leave out the fresh processes for memory")
    parser.add_argument("--memory-of", nargs=2, metavar=("CASE", "FORM"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.memory_of:
        name, form = asked.memory_of
        print(machine.peak_mb(_built(name).forms[form]))
        return
    known = LAYERS if asked.layers else CASES
    names = [name for name in known if not asked.cases or any(name.startswith(case) for case in asked.cases)]
    if not names:
        sys.exit(f"no such case; there are: {'; '.join(known)}")
    rows = []
    for name in names:
        rows.append(measure(name, known[name], asked.rounds, memory=not asked.no_memory))
        _show(rows[-1])
        with ROWS.open("a") as file:
            file.write(json.dumps({**rows[-1], "machine": machine.description(asked.threads)}) + "\n")
    if asked.layers:
        picture(rows)


def _built(name: str) -> Case:
    """A case with the same random numbers every time."""
    torch.manual_seed(0)
    return (CASES | LAYERS)[name]()


def measure(name: str, build: Callable[[], Case], rounds: int, *, memory: bool) -> dict[str, Any]:
    """All that is found of a case."""
    case = _built(name)
    rates = {str(dtype).removeprefix("torch."): machine.gemm_rate(dtype) for dtype in machine.DTYPES}
    gflop = products(case)
    found: dict[str, dict[str, float]] = {form: {} for form in case.forms}
    first: dict[str, torch.Tensor] = {}
    for _ in range(rounds):
        for form, work in case.forms.items():
            spent, wall, result = machine.cpu_seconds(work)
            first.setdefault(form, result)
            row = found[form]
            row["cpu_seconds"] = min(spent, row.get("cpu_seconds", spent))
            row["wall_seconds"] = min(wall, row.get("wall_seconds", wall))
        for key, rate in rates.items():
            rates[key] = max(rate, machine.gemm_rate(getattr(torch, key)))
    for form, row in found.items():
        row["times_floor"] = row["cpu_seconds"] / (gflop / rates["bfloat16" if "bf16" in form else "float32"])
        if PUBLISHED in found:
            row["speedup"] = found[PUBLISHED]["cpu_seconds"] / row["cpu_seconds"]
        if form != PRODUCTS:
            reference = first[next(iter(found))].float()
            row["difference"] = float((first[form].float() - reference).abs().max() / reference.abs().max())
        if memory:
            row["memory_mb"] = _memory(name, form)
    if PRODUCTS in found:
        alone = found[PRODUCTS]["cpu_seconds"]
        beyond = {form: row["cpu_seconds"] - alone for form, row in found.items() if form != PRODUCTS}
        found["ours"]["beyond_products"] = beyond["ours"] / beyond[PUBLISHED]
    return {
        "case": name,
        "date": time.strftime("%Y-%m-%d"),
        "gflop_needed": gflop,
        "gemm_gflops": rates,
        "bandwidth_gb_s": machine.bandwidth(),
        "forms": found,
    }


def products(case: Case) -> float:
    """GFLOP of the products that a case needs; sampling itself is not among them."""
    # The fused attention is not counted, the plain one is.
    with torch.inference_mode(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        case.forward()
    return float(counter.get_total_flops()) * case.passes / 1e9


def _memory(name: str, form: str) -> float:
    """Peak above the weights in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed", "--memory-of", name, form]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _show(row: dict[str, Any]) -> None:
    """Print what was found of a case."""
    rates = ", ".join(f"{key} {value:.0f}" for key, value in row["gemm_gflops"].items())
    print(f"{row['case']}: {row['gflop_needed']:.1f} GFLOP needed; products: {rates} GFLOP/s")
    for form, figures in row["forms"].items():
        print(f"  {form:18}" + "  ".join(f"{key} {value:.4g}" for key, value in figures.items()), flush=True)


def picture(rows: list[dict[str, Any]]) -> None:
    """Time and memory of single layers against the number of tokens."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    kinds = {"sampled": "sparse sampling", "full": "full"}
    for axes, key, label in zip(
        figure.subplots(1, 2), ("cpu_seconds", "memory_mb"), ("processor seconds", "MB above weights"), strict=True
    ):
        for kind, name in kinds.items():
            for form in (PUBLISHED, "ours"):
                points = [
                    (int(row["case"].split()[2]), row["forms"][form][key])
                    for row in rows
                    if row["case"].startswith(kind) and key in row["forms"][form]
                ]
                if points:
                    style = "--" if form == PUBLISHED else "-"
                    axes.loglog(*zip(*sorted(points), strict=True), style, marker="o", label=f"{name}, {form}")
        axes.set(xlabel="tokens", ylabel=label)
        axes.grid(alpha=0.3)
    figure.axes[0].legend()
    figure.savefig(PICTURE, dpi=120)


if __name__ == "__main__":
    main()
