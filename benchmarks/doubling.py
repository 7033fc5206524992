"""The network that doubles rows and columns of a band, trained on scenes and photographs: `doubling.npz`.

    HYPERSIGMA_DATA=FOLDER python -m benchmarks.doubling src/hypersigma/doubling.npz

made the file that ships, on one thread, with seed 100. It learns on bands and principal components of the scenes of
`benchmarks/training_images.py`, on its photographs, and on pictures drawn by chance (`benchmarks/drawn_images.py`). The
four kinds (airborne scenes, satellite scenes, photographs, drawn ones) serve alike often; large images serve in half
size besides. CAVE, HySU and Berlin, on which super-resolution is measured, play no part, nor do Samson, Jasper Ridge,
ABU, HYDICE and Pavia, on which files were compared.

First it doubles means of 2 x 2 pixels, by the mean absolute error; then means of 4 x 4, twice in a row, besides; and at
last by the mean squared error. What ships is the running mean of the weights. Products are of bfloat16. About an hour.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from benchmarks.drawn_images import drawn
from benchmarks.small_training import settled, train
from benchmarks.training_images import airborne, halved, photographs, satellite
from hypersigma.nn.doubling import Doubling

SIDE, BATCH, STEPS = 64, 16, 8000
TWICE, SQUARED = 0.3, 0.65  # shares of the steps after which it doubles twice, and errors are squared
BANDS, COMPONENTS = 6, 8
DRAWN, DRAWN_SIDE = 400, 128
Image = NDArray[np.float32]


def images(generator: np.random.Generator) -> list[list[Image]]:
    """Bands (rows, cols) of mean zero and unit variance: airborne, of satellites, photographs, drawn ones."""
    groups = [[band for cube in cubes for band in views(cube)] for cubes in (airborne(), satellite())]
    groups.append([picture.mean(axis=0) for picture in photographs()])
    groups = [[*group, *halves(group)] for group in groups]
    groups.append([drawn(DRAWN_SIDE, generator) for _ in range(DRAWN)])
    return [[scaled(band) for band in group if min(band.shape) >= SIDE] for group in groups]


def views(cube: Image) -> Iterator[Image]:
    """Some bands of a scene (bands, rows, cols), and its first principal components."""
    complete = np.isfinite(cube).all(axis=(1, 2)) & (cube.std(axis=(1, 2)) > 0)
    cube = cube[complete]
    yield from cube[np.unique(np.linspace(0, len(cube) - 1, BANDS).astype(int))]
    flat = cube.reshape(len(cube), -1) - cube.mean(axis=(1, 2))[:, None]
    _, vectors = np.linalg.eigh(flat @ flat.T)
    yield from (vectors[:, : -COMPONENTS - 1 : -1].T @ flat).reshape(-1, *cube.shape[1:])


def halves(bands: list[Image]) -> Iterator[Image]:
    """Those that are large enough for it, in half size."""
    return (halved(band[None])[0] for band in bands if min(band.shape) >= 2 * SIDE)


def scaled(image: Image) -> Image:
    """An image with mean zero and unit variance."""
    return ((image - image.mean()) / max(float(image.std()), 1e-9)).astype(np.float32)


def batch(groups: list[list[Image]], generator: np.random.Generator) -> torch.Tensor:
    """Squares (BATCH, 1, SIDE, SIDE), turned and reflected, each of about unit variance."""
    squares = []
    for number in range(BATCH):
        group = groups[number % len(groups)]
        band = group[generator.integers(len(group))]
        row, col = (generator.integers(length - SIDE + 1) for length in band.shape)
        square = np.rot90(band[row : row + SIDE, col : col + SIDE], generator.integers(4))
        square = square[::-1] if generator.random() < 0.5 else square
        square = square - square.mean()
        squares.append(square / (square.std() + 0.1) * np.exp(0.3 * generator.normal()) * generator.choice([-1, 1]))
    return torch.from_numpy(np.stack(squares).astype(np.float32))[:, None]


def loss(network: Callable[[torch.Tensor], torch.Tensor], fine: torch.Tensor, done: float) -> torch.Tensor:
    """The error of a batch, after so much of the training."""
    half, quarter = functional.avg_pool2d(fine, 2), functional.avg_pool2d(fine, 4)
    pairs = [(network(half), fine)]
    if done >= TWICE:
        middle = network(quarter)
        pairs += [(middle, half), (network(middle), fine)]
    errors = [told.float() - truth for told, truth in pairs]
    return torch.stack([error.square().mean() if done >= SQUARED else error.abs().mean() for error in errors]).sum()


def main() -> None:
    """Train, and write the file."""
    generator = settled()
    groups = images(generator)

    def error(network: nn.Module, done: float) -> torch.Tensor:
        return loss(network, batch(groups, generator).contiguous(memory_format=torch.channels_last), done)

    train(Doubling(), STEPS, error, Path(sys.argv[1]))


if __name__ == "__main__":
    main()
