"""The network that doubles rows and columns of a band, trained on scenes and photographs: `doubling.npz`.

    HYPERSIGMA_DATA=FOLDER python benchmarks/doubling.py FILE.npz

learns on bands and principal components of Samson, Jasper Ridge, MUUFL, the part of Pavia, San Diego and the ABU
scenes, on OSCD bands of 10 m, and on the photographs that come with scikit-image. CAVE, HySU and Berlin, on which
super-resolution is measured, play no part. First it doubles means of 2 x 2 pixels, by the mean absolute error; then,
twice in a row, means of 4 x 4, by the mean squared error. One thread, about 25 minutes; what ships was trained with
rates that fell with time instead of steps, so that numbers differ a little.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import skimage
import torch
from numpy.typing import NDArray
from skimage.io import imread
from torch.nn import functional

from hypersigma.data.resize import resized
from hypersigma.nn.doubling import Doubling
from hypersigma.readers import open_cube

SIDE, BATCH, SEED = 48, 24, 100
STEPS, RATES = (2738, 1950), (2e-3, 1.2e-3)
BANDS, COMPONENTS = 6, 8
CUBES = (
    "samson/*.mat",
    "jasper_ridge/*.mat",
    "muufl_unmixing/*.mat",
    "pavia_university_sub/*.mat",
    "san_diego/*.mat",
    "abu/*.mat",
)
OSCD = ("oscd/*/imgs_1/*_B0[2348].tif", "oscd/*/imgs_2/*_B08.tif")
PHOTOGRAPHS = {".png", ".jpg", ".jpeg", ".tif", ".gif"}
Image = NDArray[np.float32]


def images() -> Iterator[Image]:
    """Bands (rows, cols) of mean zero and unit variance."""
    folder = Path(os.environ["HYPERSIGMA_DATA"])
    for file in sorted(path for pattern in CUBES for path in folder.glob(pattern)):
        yield from map(scaled, views(open_cube(file).read()))
    for file in sorted(path for pattern in OSCD for path in folder.glob(pattern)):
        band = open_cube(file).read()[0]
        yield scaled(np.minimum(band, np.quantile(band, 0.999)))
    for file in sorted((Path(skimage.__file__).parent / "data").glob("*")):
        photograph = imread(file).astype(np.float32) if file.suffix in PHOTOGRAPHS else np.zeros((1, 1))
        grey = photograph[..., :3].mean(axis=-1) if photograph.ndim == 3 else photograph
        if grey.ndim == 2 and min(grey.shape) >= 2 * SIDE and grey.std() > 0:
            yield from [scaled(resized(grey[None], (grey.shape[0] // 2, grey.shape[1] // 2), "mean")[0])] * 4


def views(cube: Image) -> Iterator[Image]:
    """Some bands of a scene (bands, rows, cols), and its first principal components."""
    yield from cube[np.unique(np.linspace(0, len(cube) - 1, BANDS).astype(int))]
    flat = cube.reshape(len(cube), -1) - cube.mean(axis=(1, 2))[:, None]
    _, vectors = np.linalg.eigh(flat @ flat.T)
    yield from (vectors[:, : -COMPONENTS - 1 : -1].T @ flat).reshape(-1, *cube.shape[1:])


def scaled(image: NDArray[np.float32]) -> Image:
    """An image with mean zero and unit variance."""
    return ((image - image.mean()) / max(float(image.std()), 1e-9)).astype(np.float32)


def batch(bands: list[Image], generator: np.random.Generator) -> torch.Tensor:
    """Squares (BATCH, 1, SIDE, SIDE), turned and reflected, each of about unit variance."""
    squares = []
    while len(squares) < BATCH:
        band = bands[generator.integers(len(bands))]
        if min(band.shape) < SIDE:
            continue
        row, col = (generator.integers(length - SIDE + 1) for length in band.shape)
        square = np.rot90(band[row : row + SIDE, col : col + SIDE], generator.integers(4))
        square = square[::-1] if generator.random() < 0.5 else square
        square = square - square.mean()
        squares.append(square / (square.std() + 0.1) * np.exp(0.3 * generator.normal()) * generator.choice([-1, 1]))
    return torch.from_numpy(np.stack(squares).astype(np.float32))[:, None]


def main() -> None:
    """Train, and write the file."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    generator, bands, network = np.random.default_rng(SEED), list(images()), Doubling()
    for phase, (steps, rate) in enumerate(zip(STEPS, RATES, strict=True)):
        optimiser = torch.optim.Adam(network.parameters(), rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, 1e-5)
        for step in range(steps):
            fine = batch(bands, generator)
            half = functional.avg_pool2d(fine, 2)
            if phase == 0:
                loss = (network(half) - fine).abs().mean()
            else:
                middle = network(functional.avg_pool2d(fine, 4))
                loss = (middle - half).square().mean() + (network(middle) - fine).square().mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            if step % 100 == 0:
                print(phase, step, f"{loss.item():.4f}", flush=True)
    np.savez_compressed(sys.argv[1], **{name: tensor.numpy() for name, tensor in network.state_dict().items()})


if __name__ == "__main__":
    main()
