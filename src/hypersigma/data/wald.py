"""The protocol of Wald: an image is made coarser, sharpened again, and compared with itself.

L. Wald, T. Ranchin and M. Mangolini, Fusion of satellite images of different spatial resolutions, Photogrammetric
Engineering and Remote Sensing 63 (6), 1997.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.resize import Kernel, Weights, kernel_weights, require_image, resized, weighted, weights
from hypersigma.errors import ConfigError, InputError

_ENDS = 4.0  # deviations at which the Gaussian ends


@dataclass(frozen=True, kw_only=True)
class WaldConfig:
    """How an image is made coarser.

    Attributes:
        scale: rows and columns of the fine image over those of the coarse one.
        spread: what a coarse pixel sees of the fine ones: "gaussian", a Gaussian point spread; "cubic", bicubic as
            published; "mean", all of its own pixels alike.
        transfer: of the Gaussian, what it leaves of the contrast at the finest pattern that coarse pixels can show,
            half a wave a pixel (the modulation transfer at the Nyquist frequency); 0.3 is usual.
        deviation: of the Gaussian in fine pixels, instead of `transfer`.
    """

    scale: int = 4
    spread: Literal["gaussian", "cubic", "mean"] = "gaussian"
    transfer: float = 0.3
    deviation: float | None = None

    def __post_init__(self) -> None:
        if self.scale < 1:
            raise ConfigError(f"the scale is {self.scale}; expected at least 1, such as 4")
        if not 0 < self.transfer < 1:
            raise ConfigError(f"the transfer is {self.transfer}; expected a number between 0 and 1, such as 0.3")
        if self.deviation is not None and not 0 < self.deviation < np.inf:
            raise ConfigError(
                f"the deviation of the Gaussian is {self.deviation}; expected a positive number of pixels"
            )

    @property
    def gaussian_deviation(self) -> float:
        """Deviation of the Gaussian in fine pixels.

        It leaves exp(-2 (pi sigma f)^2) of the contrast at f waves a fine pixel, and f is 1 / (2 scale) at the Nyquist
        frequency of the coarse pixels.
        """
        if self.deviation is not None:
            return self.deviation
        return float(self.scale / np.pi * np.sqrt(-2.0 * np.log(self.transfer)))


def coarsened(image: NDArray[Any], config: WaldConfig) -> NDArray[np.float32]:
    """The coarse image (bands, rows // scale, cols // scale) of a fine one (bands, rows, cols).

    Rows and columns behind the last whole coarse pixel are left out; beyond the borders an image goes on as its mirror
    image. A coarse pixel is NaN where one without data would have a part in it.

    Raises:
        InputError: the image is not (bands, rows, cols), or smaller than a coarse pixel.
    """
    require_image(image)
    rows, cols = (length // config.scale for length in image.shape[1:])
    if not rows or not cols:
        raise InputError(
            f"{image.shape[1]} x {image.shape[2]} pixels hold no whole one of {config.scale} x {config.scale}; use a "
            f"larger scene or a lower scale"
        )
    return weighted(whole(image, config.scale), _spread(rows, config), _spread(cols, config))


def whole(image: NDArray[Any], scale: int) -> NDArray[Any]:
    """The part of an image (bands, rows, cols) that whole coarse pixels cover."""
    rows, cols = (length // scale * scale for length in image.shape[1:])
    return image[:, :rows, :cols]


def back_projected(
    fine: NDArray[Any], coarse: NDArray[Any], config: WaldConfig, *, rounds: int = 10, kernel: Kernel = "cubic"
) -> NDArray[np.float32]:
    """A sharpened image changed so that, made coarser, it comes closer to the coarse one (Irani and Peleg, 1991).

    What the coarse image and the coarsened fine one differ by is enlarged and added, round after round.

    Args:
        fine: (bands, scale * rows, scale * cols).
        coarse: (bands, rows, cols).
        config: how the coarse image came about.
        rounds: how often.
        kernel: what differences are enlarged by.

    Raises:
        InputError: the fine image is not `scale` times as large as the coarse one.
    """
    require_image(coarse)
    expected = (coarse.shape[0], coarse.shape[1] * config.scale, coarse.shape[2] * config.scale)
    if fine.shape != expected:
        raise InputError(
            f"a coarse image {coarse.shape} at scale {config.scale} belongs to a fine one of {expected}, "
            f"found {fine.shape}"
        )
    result: NDArray[np.float32] = fine.astype(np.float32)
    for _ in range(rounds):
        result += resized(coarse - coarsened(result, config), result.shape[1:], kernel)
    return result


def _spread(coarse: int, config: WaldConfig) -> Weights:
    """Weights (coarse, fine) of the fine pixels of a line in the coarse ones."""
    fine = coarse * config.scale
    if config.spread != "gaussian":
        return weights(fine, coarse, config.spread)
    return kernel_weights(fine, coarse, lambda d: np.exp(-(d**2) / 2), _ENDS, config.gaussian_deviation)
