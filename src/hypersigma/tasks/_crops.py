"""What networks for maps are trained on: crops around labelled pixels, turned, flipped and with noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from hypersigma.data.labels import LabelledScene
from hypersigma.errors import InputError
from hypersigma.tasks._contract import Batch, ChannelReader
from hypersigma.tiling import Window, reflected


class Crops:
    """Draws crops that contain a labelled pixel each, all labelled pixels being equally likely, or all classes.

    Attributes:
        size: side of a crop in pixels.
        count: crops in a batch.
        noise: deviation of the noise added to the channels.
        centred: the labelled pixel is the middle of the crop, borders reflected; else it lies anywhere in it.
        even: the class is drawn first, so that rare ones are seen as often as others.
        places: (scene, row, col) of every labelled pixel.

    Raises:
        InputError: there are not two classes to tell apart.
    """

    def __init__(
        self,
        scenes: Sequence[LabelledScene],
        readers: Sequence[ChannelReader],
        *,
        size: int,
        count: int,
        noise: float,
        centred: bool,
        even: bool = False,
    ) -> None:
        self.scenes, self.readers = scenes, readers
        self.size, self.count, self.noise, self.centred = size, count, noise, centred
        found = [np.argwhere(scene.labels > 0) for scene in scenes]
        self.places = np.concatenate([np.insert(pixels, 0, index, axis=1) for index, pixels in enumerate(found)])
        labels = np.array([scenes[index].labels[row, col] for index, row, col in self.places])
        classes = np.unique(labels)
        self.groups = [self.places[labels == value] for value in classes] if even else [self.places]
        if len(classes) < 2:
            raise InputError(
                f"labelled pixels with data are of {len(classes)} class{'' if len(classes) == 1 else 'es'}, and two at "
                "least are needed; check labels, no-data value and bad bands"
            )

    def __call__(self, generator: np.random.Generator) -> Batch:
        """Images (B, C, size, size) and labels (B, size, size), or (B,) where centred; label 0 = unlabelled."""
        pairs = [self._crop(generator) for _ in range(self.count)]
        image = torch.from_numpy(np.stack([image for image, _ in pairs]))
        target = torch.from_numpy(np.stack([target for _, target in pairs]).astype(np.int64))
        return Batch(image, target)

    def _crop(self, generator: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Channels (C, size, size) of a crop and its labels (size, size), or () where centred."""
        places = self.groups[generator.integers(len(self.groups))] if len(self.groups) > 1 else self.places
        index, row, col = places[generator.integers(len(places))]
        scene, reader = self.scenes[index], self.readers[index]
        rows = self._indices(row, scene.labels.shape[0], generator)
        cols = self._indices(col, scene.labels.shape[1], generator)
        seen = Window(rows.min(), cols.min(), int(np.ptp(rows)) + 1, int(np.ptp(cols)) + 1)
        image = reader.read(seen)[:, rows[:, None] - seen.row, cols - seen.col]
        labels = scene.labels[rows[:, None], cols]
        # What a pixel without data is cannot be learned.
        labels = np.where(np.isfinite(image).all(axis=0), labels, 0)
        image, labels = turned(image, labels, int(generator.integers(8)))
        image = np.nan_to_num(image + self.noise * generator.standard_normal(image.shape, dtype=np.float32))
        return image, labels[self.size // 2, self.size // 2] if self.centred else labels

    def _indices(self, place: int, length: int, generator: np.random.Generator) -> NDArray[np.intp]:
        """Rows (or columns) of a crop that contains a place."""
        if self.centred:
            start = place - self.size // 2
            return reflected(start, start + self.size, length)
        start = int(np.clip(place - generator.integers(self.size), 0, max(length - self.size, 0)))
        return reflected(start, start + self.size, length)


def turned(
    image: NDArray[np.float32], labels: NDArray[np.int32], turn: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """One of the eight flips and rotations of a crop."""
    image, labels = np.rot90(image, turn % 4, axes=(1, 2)), np.rot90(labels, turn % 4)
    return (image[:, :, ::-1], labels[:, ::-1]) if turn >= 4 else (image, labels)
