"""The network that polishes denoised images, trained on scenes and photographs with simulated noise: `polishing.npz`.

    HYPERSIGMA_DATA=FOLDER python -m benchmarks.polishing src/hypersigma/polishing.npz

made the file that ships, on one thread, with seed 100. It learns on parts of the scenes and photographs of
`benchmarks/training_images.py`: principal components with white noise of 8 to 100 of 255 of the range, brought to
unit variance as denoising does, beside what the filters of groups make of them. The three kinds (airborne scenes,
satellite scenes, photographs) are drawn alike often. An error counts as much as the filters left of the part, so that
clear parts and noisy ones weigh alike. One part in ten is held out and only looked at. How:
`benchmarks/small_training.py`. About an hour.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from torch import nn

from benchmarks.small_training import settled, train
from benchmarks.training_images import airborne, halved, photographs, satellite
from hypersigma.data.subspace_denoising import SubspaceDenoisingConfig, in_groups
from hypersigma.nn.polishing import Polishing

PARTS, PART, HELD_OUT = 750, 96, 10
SIDE, BATCH, STEPS = 48, 24, 6000
DARKEST, BRIGHTEST = 8 / 255, 100 / 255  # deviations of the noise over the range of a scene
SEEN, MOST = 0.4, 10  # deviations of the noise that a component has at least, and components at most
Image = NDArray[np.float32]


class Noised(NamedTuple):
    """Components (K, rows, cols) of a part of a scene, with noise, and filtered."""

    truth: Image
    noisy: Image
    clean: Image


def parts(generator: np.random.Generator) -> list[Noised]:
    """Parts of the scenes with noise, and what the filters make of them."""
    groups, config, found = (airborne(), satellite(), photographs()), SubspaceDenoisingConfig(), []
    for number in range(PARTS):
        group = groups[number % len(groups)]
        truth = components(group[generator.integers(len(group))], generator)
        noisy = truth + generator.standard_normal(truth.shape, dtype=np.float32)
        found.append(Noised(truth, noisy, in_groups(noisy, config, config.rounds)))
        if number % 20 == 0:
            print("part", number, flush=True)
    return found


def components(cube: Image, generator: np.random.Generator) -> Image:
    """Components (K, rows, cols) of a part of a scene (bands, rows, cols), over a deviation of noise that is drawn."""
    cube = cube[np.isfinite(cube).all(axis=(1, 2)) & (cube.std(axis=(1, 2)) > 0)]
    if generator.random() < 0.3 and min(cube.shape[1:]) >= 2 * PART:
        cube = halved(cube)
    flat = cube.reshape(len(cube), -1).astype(np.float64)
    mean = flat.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(np.cov(flat).reshape(len(cube), -1))
    noise = np.exp(generator.uniform(np.log(DARKEST), np.log(BRIGHTEST))) * (np.quantile(flat, 0.999) - flat.min())
    seen = int((np.sqrt(np.maximum(values, 0.0)) > SEEN * noise).sum())
    count = min(max(seen, 1) + int(generator.integers(3)), len(cube), MOST)
    row, col = (int(generator.integers(max(length - PART, 0) + 1)) for length in cube.shape[1:])
    part = cube[:, row : row + PART, col : col + PART] - mean[:, :, None]
    told = np.tensordot(vectors[:, : -count - 1 : -1].T, part, axes=1) / noise
    return np.ascontiguousarray(told, dtype=np.float32)


def batch(found: list[Noised], generator: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """Squares (BATCH, 1, SIDE, SIDE) of truth, noisy and clean, turned, and what errors count (BATCH,)."""
    squares: list[tuple[Image, ...]] = []
    weights: list[float] = []
    while len(squares) < BATCH:
        part = found[generator.integers(len(found))]
        if min(part.truth.shape[1:]) < SIDE:
            continue
        index = generator.integers(len(part.truth))
        row, col = (int(generator.integers(length - SIDE + 1)) for length in part.truth.shape[1:])
        turn, sign = generator.integers(4), np.float32(generator.choice([-1, 1]))
        window = index, slice(row, row + SIDE), slice(col, col + SIDE)
        squares.append(tuple(sign * np.rot90(image[window], turn) for image in part))
        weights.append(1 / (float(np.square(part.clean - part.truth).mean()) + 1e-3))
    images = (torch.from_numpy(np.stack(kind))[:, None] for kind in zip(*squares, strict=True))
    return *images, torch.tensor(weights)


@torch.inference_mode()
def gain(network: nn.Module, found: list[Noised]) -> float:
    """Mean over parts of what polishing gains, in dB."""
    gains = []
    for part in found:
        noisy, clean = (torch.from_numpy(image)[:, None] for image in (part.noisy, part.clean))
        polished = network(noisy, clean)[:, 0].numpy()
        before, after = (np.square(image - part.truth).mean() for image in (part.clean, polished))
        gains.append(10 * np.log10(before / after))
    return float(np.mean(gains))


def main() -> None:
    """Train, and write the file."""
    generator = settled()
    with threadpool_limits(limits=1):
        found = parts(generator)
    held_out, learned = found[::HELD_OUT], [part for place, part in enumerate(found) if place % HELD_OUT]

    def error(network: nn.Module, done: float) -> torch.Tensor:
        truth, noisy, clean, weights = batch(learned, generator)
        return ((network(noisy, clean).float() - truth).square().mean(dim=(1, 2, 3)) * weights).mean()

    train(Polishing(), STEPS, error, Path(sys.argv[1]), lambda kept: f"held out {gain(kept, held_out):+.3f} dB")


if __name__ == "__main__":
    main()
