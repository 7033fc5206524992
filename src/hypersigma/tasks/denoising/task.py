"""Denoising as a task: what it does to a scene, and the layers that come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hypersigma.cube import Cube
from hypersigma.data.denoised_maps import Told, denoised_arrays, denoised_layers, told_of
from hypersigma.data.lessons import Directions, Lesson, Lessons
from hypersigma.data.method import Tiling
from hypersigma.data.noise_level import strips
from hypersigma.data.restoration import passing
from hypersigma.data.scene_model import Part, SceneModel
from hypersigma.data.signal_guard import guarded
from hypersigma.data.subspace_denoising import SubspaceDenoisingConfig, cleaned, cleaned_images, found_model
from hypersigma.data.target_guard import TargetGuard, target_guard
from hypersigma.data.threads import one_thread
from hypersigma.errors import InputError
from hypersigma.georef import Georef
from hypersigma.products import Layer
from hypersigma.tasks._corrector import Corrector
from hypersigma.tasks._restoration import Image, Restorer
from hypersigma.tasks.denoising.config import DenoisingConfig
from hypersigma.tiling import Window, spread_blocks

_TILE, _OVERLAP = 128, 24  # pixels
_LEARNED, _MOST_LEARNED = 64, 1 << 14  # pixels; side of the parts that are learned on, and all of them
_ADDED = 0.5  # deviation of the noise that is added, over the scene's own
_AROUND, _SCALE = 17, 0.5  # pixels of the means that detail is told against; what makes noise about one


@dataclass(frozen=True, kw_only=True, eq=False)
class Denoising(Restorer):
    """A denoiser that finds faults, noise and subspace of each scene anew.

    Attributes:
        found: the scene that was denoised last, what it is made of, and the guard of the target that it was given with.
        told: what its layers say.
    """

    name: ClassVar[str] = "denoising"
    Config: ClassVar[type] = DenoisingConfig
    num_told: ClassVar[int] = 2

    found: list[tuple[Cube, SceneModel, TargetGuard | None]] = field(default_factory=list, repr=False)
    told: list[Told] = field(default_factory=list, repr=False)

    @property
    def tiling(self) -> Tiling:
        return Tiling(tile=_TILE, overlap=_OVERLAP)

    def model(self, cube: Cube) -> SceneModel:
        """What a scene is made of; kept until another one is asked for.

        Raises:
            InputError: too few pixels have numbers in all bands that are used, or no band varies.
        """
        return self._known(cube)[0]

    def _known(self, cube: Cube) -> tuple[SceneModel, TargetGuard | None]:
        """What a scene is made of, and the guard of its target if it was given with one."""
        if not self.found or self.found[0][0] is not cube:
            with one_thread():
                shape = len(cube.used), *cube.shape[1:]
                _require_data(cube)
                read = partial(passing, cube)
                model = found_model(read, shape, self.config.subspace)
                target = next((scene.target for scene in self.scenes if scene.cube is cube), None)
                guard = None if target is None else target_guard(read, shape, model, target)
                self.found[:] = [(cube, model, guard)]
        return self.found[0][1:]

    def predict(self, cube: Cube, window: Window) -> Image:
        """Coefficients (directions, h, w) of a window in the subspace of its scene.

        Raises:
            InputError: the scene does not allow it.
        """
        model = self.model(cube)
        better = None if self.corrector is None else partial(_corrected, self.corrector, cube, model)
        with one_thread():
            return cleaned(passing(cube, window), window.col, model, self.config.subspace, better)

    def lessons(self, cube: Cube, generator: np.random.Generator) -> Lessons:
        """Parts of the denoised scene with noise drawn anew, and what is missed where they are cleaned again.

        How much of what is learned of them holds for the scene itself, parts of it with noise added tell.
        """
        model, config = self.model(cube), self.config
        parts: list[Lesson] = []
        trials: list[Lesson] = []
        with one_thread():
            for window in _learned(*cube.shape[1:]):
                image = passing(cube, window)
                known = np.asarray(np.isfinite(image).all(axis=0))
                if not known.any():
                    continue
                noisy, _ = model.whitened(model.part(image, window.col))
                clean = cleaned_images(noisy, config.subspace)
                for _ in range(config.draws):
                    drawn = generator.standard_normal(clean.shape, dtype=np.float32)
                    parts.append(_lesson(clean + drawn, clean, known, config.subspace))
                for _ in range(config.draws):
                    drawn = generator.standard_normal(clean.shape, dtype=np.float32)
                    trials.append(_trial(noisy, drawn, known, config.subspace))
        directions = _directions(model)
        num = len(directions.spectra)
        return Lessons(directions=directions, weights=np.full(num, 1 / num), parts=parts, trials=trials)

    def finish(self, quantities: Image, cube: Cube, window: Window) -> Mapping[str, NDArray[Any]]:
        self.told[:] = [told_of(cube, self.config.storage(cube))]
        model, guard = self._known(cube)
        found: dict[str, NDArray[Any]] = {}
        with one_thread():
            for rows in strips((len(cube.used), *quantities.shape[1:])):
                part = quantities[:, rows]
                before = passing(cube, Window(window.row + rows.start, window.col, *part.shape[1:]))
                repaired = Part(*model.faults.repaired(before, window.col))
                after = guarded(repaired, part, model)
                if guard is not None:
                    after = guard.restored(np.where(repaired.known, repaired.image, after), after)
                for name, values in denoised_arrays(before, after, self.told[0].storage).items():
                    if name not in found:
                        found[name] = np.empty((*values.shape[:-2], *quantities.shape[1:]), values.dtype)
                    found[name][..., rows, :] = values
        return found

    def layers(self, arrays: Mapping[str, NDArray[Any]], georef: Georef | None) -> tuple[Layer, ...]:
        return denoised_layers(arrays, georef, self.told[0])


def _directions(model: SceneModel) -> Directions:
    """The directions of a scene's subspace in its own numbers."""
    subspace = model.subspace
    return Directions(subspace.mean, subspace.vectors * np.nan_to_num(subspace.deviations))


def _learned(rows: int, cols: int) -> list[Window]:
    """The parts of a scene that are learned on: all of a small one."""
    if rows * cols <= _MOST_LEARNED:
        return [Window(0, 0, rows, cols)]
    return spread_blocks(rows, cols, _LEARNED, _MOST_LEARNED)


def _lesson(noisy: Image, true: Image, known: NDArray[np.bool_], config: SubspaceDenoisingConfig) -> Lesson:
    """What cleaning misses of images (directions, rows, cols) with noise of unit variance."""
    clean = cleaned_images(noisy, config)
    return Lesson(clean, _told(noisy, clean), true - clean, known)


def _trial(noisy: Image, drawn: Image, known: NDArray[np.bool_], config: SubspaceDenoisingConfig) -> Lesson:
    """What cleaning misses of images of which no clean ones are known, but for noise.

    Of images y with noise of unit variance and z drawn like it, y + a z is cleaned, and y - z / a stands for the true
    ones: what both hold of noise has nothing to do with one another (Recorrupted-to-Recorrupted; Pang and others,
    2021).
    """
    # brought back to unit variance, which cleaning expects
    level = np.sqrt(1 + _ADDED**2)
    worse, standing = (noisy + _ADDED * drawn) / level, (noisy - drawn / _ADDED) / level
    return _lesson(worse.astype(np.float32), standing.astype(np.float32), known, config)


def _told(noisy: Image, clean: Image) -> Image:
    """What the network is told of each direction (directions, 2, rows, cols): what was taken out, and detail."""
    around = ndimage.uniform_filter(clean, size=(0, _AROUND, _AROUND))
    return np.stack([_SCALE * (noisy - clean), np.arcsinh(_SCALE * (clean - around))], axis=1)


def _corrected(corrector: Corrector, cube: Cube, model: SceneModel, noisy: Image, clean: Image) -> Image:
    """Cleaned images (directions, rows, cols) with what the network adds."""
    view = corrector.view(cube, _directions(model))
    return clean + corrector.added(clean, _told(noisy, clean), view)


def _require_data(cube: Cube) -> None:
    """Refuse a scene without any pixel that has numbers in all bands that are used.

    Raises:
        InputError: there is none.
    """
    _, rows, cols = cube.shape
    for strip in strips((len(cube.used), rows, cols)):
        image = passing(cube, Window(strip.start, 0, min(strip.stop, rows) - strip.start, cols))
        if np.isfinite(image).all(axis=0).any():
            return
    raise InputError(
        f"{cube.name}: no pixel has numbers in all {len(cube.used)} bands that are used; give a scene with data"
    )


TASK = Denoising
