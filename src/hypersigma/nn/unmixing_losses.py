"""Losses of unmixing: the angle between spectra, the sparsity of abundances, the roughness of endmembers."""

from __future__ import annotations

import torch
from torch import Tensor

from hypersigma.nn.unmixing import Unmixed

# Published: what sparsity and variation count beside the angle.
SPARSITY_WEIGHT = 0.35
VARIATION_WEIGHT = 0.1

_SMALLEST_LENGTH = 1e-12  # so that the angle between two spectra of zeros is one
_SMALLEST_SHARE = 1e-8  # below it the root of an abundance is not followed: its slope has no bound


def unmixing_loss(
    unmixed: Unmixed,
    image: Tensor,
    endmembers: Tensor,
    *,
    known: Tensor | None = None,
    present: Tensor | None = None,
    sparsity: float = SPARSITY_WEIGHT,
    variation: float = VARIATION_WEIGHT,
    published: bool = False,
) -> Tensor:
    """Mean angle to the image + sparsity * mean root of the abundances + variation * roughness of the endmembers.

    Args:
        unmixed: of an `UnmixingNetwork`.
        image: (B, C, H, W) that it was made of; what it holds where it is not `known` does not matter.
        endmembers: (K, C) of the network.
        known: (B, H, W), bool, pixels with data, None for all. Without any, angle and sparsity are 0, with gradient 0.
        present: (C,), bool, bands with data, None for all.
        sparsity: weight of `root_sparsity`.
        variation: weight of `total_variation`.
        published: whether angle and variation are the published ones, with their faults.
    """
    reconstruction = unmixed.reconstruction
    if present is not None:
        image, reconstruction, endmembers = image[:, present], reconstruction[:, present], endmembers[:, present]
    if known is not None:
        # Filling before the angle: the gradient of a number that is left out afterwards would be NaN.
        image = image.masked_fill(~known[:, None], 0.0)
    angles = spectral_angles(reconstruction, image, published=published)
    return (
        _mean(angles, known)
        + sparsity * _mean(root_sparsity(unmixed.abundances), known)
        + variation * total_variation(endmembers, published=published)
    )


def spectral_angles(first: Tensor, second: Tensor, *, published: bool = False) -> Tensor:
    """Angles (B, ...) in radians between spectra (B, C, ...), which brightness does not change.

    With the unit vectors u and v it is 2 atan2(|u - v|, |u + v|) (Kahan, "How futile are mindless assessments of
    roundoff in floating-point computation?", 2006, section 12): exact for small angles too and with a gradient
    everywhere. To a spectrum of zeros the angle is pi / 2, and 0 between two of them.

    Published is arccos(<u, v>), not clamped, which is NaN where rounding puts the cosine above 1, and whose gradient
    has no bound at equal spectra.
    """
    one, other = _unit(first), _unit(second)
    if published:
        return (one * other).sum(1).arccos()
    apart, along = (torch.linalg.vector_norm(vector, dim=1) for vector in (one - other, one + other))
    return 2 * torch.atan2(apart, along.clamp(min=_SMALLEST_LENGTH))


def root_sparsity(abundances: Tensor) -> Tensor:
    """Mean root of the abundances (B, K, ...) over K, (B, ...): least where one endmember is all.

    Of shares that sum to one the 1-norm is constant; the L1/2 norm is not (Qian et al., "Hyperspectral unmixing via
    L1/2 sparsity-constrained nonnegative matrix factorization", IEEE TGRS 2011).
    """
    return abundances.clamp(min=_SMALLEST_SHARE).sqrt().mean(1)


def total_variation(endmembers: Tensor, *, published: bool = False) -> Tensor:
    """Mean absolute difference of neighbouring bands of spectra (K, C); 0 of a single band.

    Published is the sum of absolute differences of neighbouring endmembers, of which it takes no gradient, so that it
    has no effect.
    """
    if published:
        return endmembers.detach().diff(dim=0).abs().sum()
    if endmembers.shape[1] < 2:
        return endmembers.sum() * 0.0
    return endmembers.diff(dim=1).abs().mean()


def _unit(spectra: Tensor) -> Tensor:
    """Spectra (B, C, ...) of length 1; those of zeros stay so, with a gradient that does not burst."""
    lengths = torch.linalg.vector_norm(spectra, dim=1, keepdim=True)
    unit: Tensor = spectra / lengths.masked_fill(lengths == 0, 1.0)
    return unit


def _mean(values: Tensor, known: Tensor | None) -> Tensor:
    """Mean of values (B, H, W) over the known pixels, 0 where there are none."""
    if known is None:
        return values.mean()
    return values.masked_fill(~known, 0.0).sum() / known.sum().clamp(min=1)
