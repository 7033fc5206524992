"""A network that adds to a restoration what it learned on the scene itself, and what it is used with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from hypersigma.cube import Cube
from hypersigma.data.lessons import Directions, Image, Lessons
from hypersigma.data.radiometry import clear_bands, require_wavelengths
from hypersigma.errors import InputError
from hypersigma.nn.backbone import CANONICAL_BANDS, Backbone
from hypersigma.nn.correction import Correction, CorrectionConfig, View
from hypersigma.nn.restoration import AdapterConfig, RestorationConfig
from hypersigma.nn.sizes import SIZES
from hypersigma.spectra import response_matrix
from hypersigma.tasks._contract import Learner
from hypersigma.tasks._encoder_task import backbone_config
from hypersigma.tiling import blend_weights, tiles

_ADAPTER = AdapterConfig(depth=1, interval=1)  # published: 4 blocks, which at a token a pixel cost more than encoders
_SMALLEST = 1e-30


class Examples(NamedTuple):
    """Squares of one scene side by side; see `Lesson` and `View`, and `Lessons` for the weights (D,)."""

    coefficients: Tensor
    told: Tensor
    missed: Tensor
    known: Tensor
    weights: Tensor
    matrix: Tensor
    offset: Tensor
    present: Tensor


class Settled(NamedTuple):
    """What squares kept apart tell of what was learned.

    Attributes:
        share: of what the network adds that is used, 0 to 1.
        gain: by which share of itself that lowers the squared error there, noise of the lessons counted as error.
    """

    share: float
    gain: float


class Corrector(Learner):
    """A correcting network, the gain that brings scenes to its encoders, and which share of its answer is used.

    Args:
        config: of a `SquaresConfig`.
        num_bands: of a sensor, or None for encoders that see canonical bands.
        told: images that the network is told of each direction.
        scale: of a super-resolution; 1 else.
    """

    gain: Tensor
    share: Tensor

    def __init__(self, config: Any, num_bands: int | None, told: int, scale: int) -> None:
        super().__init__()
        self.config, self.num_bands = config, num_bands
        seen = num_bands or CANONICAL_BANDS
        side = max(config.tile // scale, 1)
        backbone = backbone_config(config, seen, beside=0, side=side, spectral_taps=SIZES[config.size].taps[-1:])
        features = RestorationConfig(backbone=backbone, adapter=_ADAPTER)
        self.network = Correction(CorrectionConfig(features=features, told=told, scale=scale))
        self.register_buffer("gain", torch.ones(CANONICAL_BANDS, dtype=torch.float64))
        self.register_buffer("share", torch.ones(()))

    @property
    def backbone(self) -> Backbone:
        """The encoders."""
        return self.network.features.backbone

    def view(self, cube: Cube, directions: Directions) -> View:
        """What the encoders see of directions of a scene: canonical bands, or its own over their size.

        Raises:
            InputError: the scene has no wavelengths though canonical bands are seen, or another number of bands.
        """
        if self.num_bands is None:
            require_wavelengths(cube)
            assert cube.wavelengths is not None
            gain = self.gain.cpu().numpy()
            matrix, covered = response_matrix(cube.wavelengths, cube.fwhm, cube.valid)
            into = gain[:, None] * matrix[:, cube.used]
            present = covered & clear_bands() & (gain > 0)
        elif len(cube.used) == self.num_bands:
            size = np.sqrt(np.square(directions.mean) + np.square(directions.spectra).sum(axis=0))
            into, present = np.diag(1 / np.maximum(size, _SMALLEST)), size > 0
        else:
            raise InputError(
                f"{cube.name} has {len(cube.used)} bands that can be used, and the network was trained on "
                f"{self.num_bands}; train one on this scene"
            )
        return View(
            torch.from_numpy(into @ directions.spectra.T).float(),
            torch.from_numpy(into @ directions.mean).float(),
            torch.from_numpy(present),
        )

    def examples(self, lessons: Lessons, view: View, generator: np.random.Generator) -> Examples:
        """Squares of a scene for one step of training."""
        drawn = lessons.drawn(generator, self.config.tile, self.config.crops_per_batch)
        parts = [torch.from_numpy(np.ascontiguousarray(array)) for array in drawn]
        return Examples._make([*parts, torch.from_numpy(lessons.weights).float(), *view])

    def loss(self, batch: Examples) -> dict[str, Tensor]:
        """Squared error of what is added, weighted, where it is known; 1 for adding nothing."""
        found = self.network(batch.coefficients, batch.told, View(batch.matrix, batch.offset, batch.present))
        weights = batch.weights[:, None, None] * batch.known[:, None]
        before = (weights * batch.missed.square()).sum()
        return {"loss": (weights * (found - batch.missed).square()).sum() / before.clamp(min=_SMALLEST)}

    @torch.inference_mode()
    def added(self, coefficients: Image, told: Image, view: View) -> Image:
        """What is to be added to each direction (D, scale * h, scale * w), of tiles that are blended.

        Args:
            coefficients: (D, h, w).
            told: (D, told, scale * h, scale * w).
            view: of the scene.
        """
        scale = told.shape[-1] // coefficients.shape[-1]
        coarse = max(self.config.tile // scale, 1)
        _, rows, cols = coefficients.shape
        overlap = min(self.config.overlap // scale, coarse - 1)
        device = self.share.device
        view = View(*(part.to(device) for part in view))
        result = np.zeros((len(told), *told.shape[-2:]), dtype=np.float32)
        total = np.zeros(told.shape[-2:], dtype=np.float32)
        for window in tiles(rows, cols, coarse, overlap):
            fine = window._replace(**{key: scale * value for key, value in window._asdict().items()})
            seen = (coefficients[:, *window.slices], told[..., *fine.slices])
            answer = self.network(
                *(torch.from_numpy(np.ascontiguousarray(part))[None].to(device) for part in seen), view
            )
            weights = blend_weights(fine.height, fine.width, scale * overlap)
            result[:, *fine.slices] += weights * (self.share * answer[0]).cpu().numpy()
            total[fine.slices] += weights
        result /= total
        return result

    def settle(self, lessons: Sequence[tuple[Lessons, View]]) -> Settled:
        """Use as much of what is added as lowers the error on squares kept apart most.

        That is the share <d, t> / <d, d> of answers d to what was missed, t.
        """
        self.share.fill_(1.0)
        alike, power, missed = 0.0, 0.0, 0.0
        for own, view in lessons:
            for part, held in own.kept_apart(self.config.tile):
                answer = self.added(part.coefficients, part.told, view)
                found, true = answer[:, held].astype(np.float64), part.missed[:, held].astype(np.float64)
                alike += float((own.weights @ (found * true)).sum())
                power += float((own.weights @ np.square(found)).sum())
                missed += float((own.weights @ np.square(true)).sum())
        share = float(np.clip(alike / max(power, _SMALLEST), 0.0, 1.0))
        self.share.fill_(share)
        gain = 2 * share * alike - share**2 * power
        return Settled(share, max(0.0, gain) / max(missed, _SMALLEST))
