"""Pictures drawn by chance: dead leaves, which are shapes that fall upon one another, with patterns and letters.

Sharp edges, corners, stripes and text, of any size, which photographs show too few of; nobody owns them. After Lee,
Mumford and Huang (2001), "Occlusion models for natural images", and Achddou, Gousseau and Ladjal (2021), "Synthetic
images as a regularity prior for image restoration neural networks".
"""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw, ImageFont

FINER = 4  # drawn pixels along one of the picture, which sees their mean
LEAVES = (40, 400)
SMALLEST, LARGEST = (1.5, 6.0), (0.15, 0.6)  # radii: pixels, and shares of the side
WAVES = (2.0, 12.0)  # pixels
LETTERS = (6.0, 28.0)  # heights in pixels
WITH_TEXT = 0.35  # of the pictures
Image = NDArray[np.float32]


def drawn(side: int, generator: np.random.Generator) -> Image:
    """A picture (side, side), mostly between 0 and 1."""
    canvas = np.full((side * FINER, side * FINER), generator.random(), dtype=np.float32)
    smallest = generator.uniform(*SMALLEST) * FINER
    largest = generator.uniform(*LARGEST) * len(canvas)
    for _ in range(int(generator.uniform(*LEAVES))):
        # radii whose density falls with the third power look alike in any size
        share = generator.random()
        radius = (smallest**-2 + share * (largest**-2 - smallest**-2)) ** -0.5
        _drop(canvas, radius, generator)
    if generator.random() < WITH_TEXT:
        canvas = _written(canvas, generator)
    return canvas.reshape(side, FINER, side, FINER).mean(axis=(1, 3))


def _drop(canvas: Image, radius: float, generator: np.random.Generator) -> None:
    """Let one shape fall on a picture."""
    row, col = generator.uniform(-radius, len(canvas) + radius, 2)
    window = tuple(slice(max(int(at - 1.5 * radius), 0), max(int(at + 1.5 * radius) + 2, 0)) for at in (row, col))
    part = canvas[window]
    down, right = (
        np.arange(along.start, along.start + length, dtype=np.float32) - at
        for along, length, at in zip(window, part.shape, (row, col), strict=True)
    )
    angle = generator.uniform(0, np.pi) if generator.random() < 0.6 else 0.0
    along = np.cos(angle) * right + np.sin(angle) * down[:, None]
    across = np.cos(angle) * down[:, None] - np.sin(angle) * right
    inside = _shape(along / radius, across / radius, generator)
    part[inside] = _pattern(along, across, radius, generator)[inside]


def _shape(along: Image, across: Image, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Which places, in radii, a shape covers: of an ellipse, a rectangle (twice as often) or a triangle."""
    kind, narrow = generator.integers(4), generator.uniform(0.15, 1)
    if kind == 0:
        return along**2 + (across / narrow) ** 2 < 1
    if kind < 3:
        return (np.abs(along) < 1) & (np.abs(across) < narrow)
    inside = np.ones(along.shape, dtype=bool)
    for edge in generator.uniform(0, 2 * np.pi) + np.array([0.0, 2.1, 4.2]):
        inside &= np.cos(edge) * along + np.sin(edge) * across < generator.uniform(0.3, 0.8)
    return inside


def _pattern(along: Image, across: Image, radius: float, generator: np.random.Generator) -> Image:
    """What a shape shows: stripes, a gradient, waves, or one brightness (as often as those together)."""
    kind, value, wave = generator.integers(6), generator.random(), generator.uniform(*WAVES) * FINER
    turn = 2 * np.pi / wave
    if kind == 0:
        return value + generator.uniform(0.05, 0.5) * np.sign(np.sin(turn * along))
    if kind == 1:
        return value + generator.uniform(-0.5, 0.5) * along / radius
    if kind == 2:
        return value + generator.uniform(0.05, 0.3) * np.sin(turn * along) * np.sin(turn * across)
    return np.full(along.shape, value, dtype=np.float32)


def _written(canvas: Image, generator: np.random.Generator) -> Image:
    """A picture with some words of any characters on it."""
    fonts = sorted((Path(matplotlib.get_data_path()) / "fonts" / "ttf").glob("DejaVuS*.ttf"))
    picture = Picture.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    for _ in range(generator.integers(1, 12)):
        height = generator.uniform(*LETTERS) * FINER
        font = ImageFont.truetype(str(fonts[generator.integers(len(fonts))]), int(height))
        text = "".join(map(chr, generator.integers(33, 126, generator.integers(2, 14))))
        place = tuple(generator.uniform(-0.1 * len(canvas), 0.9 * len(canvas), 2))
        pen.text(place, text, fill=float(generator.random()), font=font)
    return np.asarray(picture)
