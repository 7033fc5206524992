"""Replay of reference files: `python -m tests.golden.replay FILE...` rebuilds, runs and compares each.

One line a file: name, largest absolute error over its outputs, largest relative error over its gradients where it has
some, PASS, FAIL or SKIP. Exits 1 if any file fails.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hypersigma.weights.official.names import translate
from hypersigma.weights.receipt import Receipt
from tests.golden.builders import builder
from tests.golden.kinds import Golden, Outputs, Rebuilt

OUTPUT_TOLERANCE = 1e-5
GRADIENT_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Result:
    """What the replay of one file found."""

    name: str
    verdict: str
    output_error: float | None = None
    gradient_error: float | None = None
    note: str = ""

    def line(self) -> str:
        figures = []
        if self.output_error is not None:
            figures.append(f"max abs error {self.output_error:.2e}")
        if self.gradient_error is not None:
            figures.append(f"gradient rel error {self.gradient_error:.2e}")
        return "  ".join([self.name, *figures, f"{self.verdict} {self.note}".strip()])


def replay(path: Path) -> Result:
    """Compare one file with our modules."""
    name = path.name
    try:
        golden = Golden.read(path)
        build = builder(golden)
        if build is None:
            return Result(name, "SKIP", note=golden.kind)
        rebuilt = build(golden)
        inputs = {
            key: tensor.requires_grad_(tensor.is_floating_point()) for key, tensor in golden.group("input").items()
        }
        outputs = rebuilt.run(inputs)
    # One file that cannot be rebuilt must not hide the verdict on the others.
    except Exception as error:
        return Result(name, "FAIL", note=f"{type(error).__name__}: {error}")
    expected = golden.group("output")
    missing = sorted(set(expected) - set(outputs))
    if missing:
        return Result(name, "FAIL", note=f"no output {', '.join(missing)}")
    errors = {key: float((outputs[key].detach() - tensor).abs().max()) for key, tensor in expected.items()}
    bad = [k for k, t in expected.items() if not errors[k] <= OUTPUT_TOLERANCE * max(1.0, float(t.abs().max()))]
    gradient_error = gradients(golden, rebuilt, inputs, outputs)
    if gradient_error is not None and not gradient_error <= GRADIENT_TOLERANCE:
        bad.append("gradients")
    verdict, note = ("FAIL", f"in {', '.join(bad)}") if bad else ("PASS", "")
    return Result(name, verdict, max(errors.values()), gradient_error, note)


def gradients(golden: Golden, rebuilt: Rebuilt, inputs: Outputs, outputs: Outputs) -> float | None:
    """Largest error of a gradient over its largest entry, or None where the file has no gradients."""
    expected = golden.group("grad")
    if not expected:
        return None
    scalar(golden, outputs).backward()
    parameters = dict(rebuilt.module.named_parameters())
    errors = []
    for name, tensor in expected.items():
        if name.startswith("input_"):
            found = inputs[name.removeprefix("input_")].grad
        else:
            (ours,) = translate({name: tensor}, rebuilt.table, Receipt())
            found = parameters[ours].grad
        assert found is not None, f"no gradient for {name}"
        difference = (found.reshape(tensor.shape) - tensor).abs().max()
        errors.append(float(difference / tensor.abs().max().clamp(min=torch.finfo(tensor.dtype).tiny)))
    return max(errors)


def scalar(golden: Golden, outputs: Outputs) -> Tensor:
    """What the gradients of a file are of."""
    if golden.config["grad_scalar"].startswith("loss"):
        return outputs["loss"]
    total = torch.zeros(())
    for name in golden.group("output"):
        values = outputs[name].flatten()
        total = total + (values * torch.arange(values.numel(), dtype=values.dtype).cos()).mean()
    return total


def main(arguments: list[str]) -> int:
    """Replay files and print a line each; 1 if any fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden.replay", description="Replay reference files.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    results = []
    for path in parser.parse_args(arguments).files:
        results.append(replay(path))
        print(results[-1].line(), flush=True)
    return int(any(result.verdict == "FAIL" for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
