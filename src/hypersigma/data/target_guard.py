"""The direction of a target in a scene, along which a denoising leaves every pixel as it was.

What a matched filter answers is w . (x - mean) with w = C^-1 (target - mean) (Robey et al., 1992). Of all changes of a
denoised pixel that bring its answer back, the one that is least in the noise of the bands goes along N w, N being their
variances: x + N w (w . r) / (w . N w) for what was taken out, r. The noise of that one direction comes back with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.faults import Image, Read
from hypersigma.data.moments import moments, whitening
from hypersigma.data.noise_level import strips
from hypersigma.data.scene_model import SceneModel
from hypersigma.tiling import Window

_LOADING = 1e-6  # share of the mean variance on the diagonal of the covariance


@dataclass(frozen=True, kw_only=True, eq=False)
class TargetGuard:
    """A matched filter, and how its answer is brought back.

    Attributes:
        filter: (bands,) w.
        back: (bands,) N w / (w . N w); 0 in bands without noise, which are not changed.
    """

    filter: NDArray[np.float32]
    back: NDArray[np.float32]

    def restored(self, before: Image, after: Image) -> Image:
        """Denoised pixels (bands, rows, cols) with the answer of those before; those that lack a number as they are."""
        taken = np.tensordot(self.filter, before - after, axes=1)
        result: Image = after + self.back[:, None, None] * np.where(np.isfinite(taken), taken, 0).astype(np.float32)
        return result


def target_guard(
    read: Read, shape: tuple[int, int, int], model: SceneModel, target: NDArray[np.float64]
) -> TargetGuard | None:
    """The guard of a target in a scene; None where it is the mean of the scene.

    Args:
        read: a window of the scene (bands, rows, cols).
        shape: bands, rows and columns of it.
        model: of the scene.
        target: spectrum (bands,) in the scene's numbers.
    """
    used = model.subspace.used

    def blocks() -> Iterator[Image]:
        for strip in strips(shape):
            image = read(Window(strip.start, 0, min(strip.stop, shape[1]) - strip.start, shape[2]))
            pixels = model.faults.repaired(image, 0)[0][used].reshape(int(used.sum()), -1)
            yield pixels[:, np.isfinite(pixels).all(axis=0)]

    white, _ = whitening(moments(blocks), _LOADING)
    own = white.matrix.T @ (white.matrix @ (target[used] - white.mean))
    noise = np.square(model.subspace.deviations[used])
    power = float(own @ (noise * own))
    if not power > 0:
        return None
    looked, back = np.zeros((2, len(used)), dtype=np.float32)
    looked[used], back[used] = own, noise * own / power
    return TargetGuard(filter=looked, back=back)
