"""Fully constrained least squares inside a network: abundances of known endmembers, by products and sorts alone."""

from __future__ import annotations

import torch
from torch import Tensor

_ROUNDS = 200


def on_simplex(values: Tensor) -> Tensor:
    """The nearest points (B, K, ...) to values (B, K, ...) that are not negative and have sum one over K.

    By sorting (Held, Wolfe and Crowder, "Validation of subgradient optimization", 1974).
    """
    ordered = values.sort(dim=1, descending=True).values
    shape = [1, -1] + [1] * (values.dim() - 2)
    counts = torch.arange(1, values.shape[1] + 1, device=values.device, dtype=values.dtype).view(shape)
    lowered = (ordered.cumsum(1) - 1) / counts
    # of the levels that leave the k largest above zero, the right one is the largest
    level = lowered.amax(dim=1, keepdim=True)
    return (values - level).clamp(min=0)


def constrained(spectra: Tensor, endmembers: Tensor, rounds: int = _ROUNDS) -> Tensor:
    """Abundances (B, K, H, W) that minimise |x - E a|^2 of spectra x (B, C, H, W), at least 0 and with sum one.

    Accelerated projected gradients (Beck and Teboulle, SIAM J. Imaging Sciences 2009), begun anew where the momentum
    no longer goes downhill (O'Donoghue and Candes, 2015), pixel by pixel.

    Args:
        spectra: of pixels.
        endmembers: (K, C).
        rounds: of gradients; 200 leave less than 1e-3 of four endmembers with angles from 0.1 on.
    """
    gram = endmembers @ endmembers.T
    step = gram.diagonal().sum().clamp(min=torch.finfo(gram.dtype).tiny)
    gram, along = gram / step, torch.einsum("kc,bchw->bkhw", endmembers / step, spectra)
    now = torch.full_like(along, 1 / len(endmembers))
    ahead, age = now, torch.ones_like(now[:, :1])
    for _ in range(rounds):
        slope = torch.einsum("kj,bjhw->bkhw", gram, ahead) - along
        following = on_simplex(ahead - slope)
        moved = following - now
        uphill = ((ahead - following) * moved).sum(1, keepdim=True) > 0
        older = torch.where(uphill, 1.0, (1 + (1 + 4 * age.square()).sqrt()) / 2)
        ahead = following + torch.where(uphill, 0.0, (age - 1) / older) * moved
        now, age = following, older
    return now
