"""The Lovasz-softmax: a loss that, at confident predictions, is one minus the mean intersection over union."""

from __future__ import annotations

import torch
from torch import Tensor


def lovasz_softmax(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Mean Lovasz extension of the Jaccard loss over the classes that are present (Berman et al., CVPR 2018).

    With the errors m of a class in descending order (1 - p where it is the true class, p elsewhere) it is
    sum_i m_i (J_i - J_(i-1)), where J_i is the Jaccard loss of getting the first i pixels wrong:
    J_i = 1 - (truth without them) / (truth and them together). The batch counts as one image. Without labelled
    pixels it is 0, with gradient 0.

    Args:
        probabilities: (B, K, ...), which sum to one over the classes.
        labels: (B, ...), long: classes from 0, below 0 ignored.
    """
    classes = torch.arange(probabilities.shape[1], device=labels.device)
    truth = labels.flatten() == classes[:, None]
    errors = (truth.to(probabilities.dtype) - probabilities.transpose(0, 1).flatten(1)).abs()
    # An ignored pixel has error 0: behind all others, where its step counts for nothing.
    errors, order = errors.masked_fill(labels.flatten() < 0, 0.0).sort(dim=1, descending=True)
    steps = _jaccard_steps(truth.gather(1, order)).to(errors.dtype)
    present = truth.any(dim=1)
    return ((errors * steps).sum(1) * present).sum() / present.sum().clamp(min=1)


def _jaccard_steps(truth: Tensor) -> Tensor:
    """By how much the Jaccard loss of a class grows with every further wrong pixel (K, N), of truth (K, N), bool."""
    total = truth.sum(1, keepdim=True)
    # Whole numbers until the division: sums of many small steps in float32 would lose digits.
    kept, united = total - truth.cumsum(1), total + (~truth).cumsum(1)
    return torch.diff(1 - kept.double() / united, dim=1, prepend=truth.new_zeros(len(truth), 1, dtype=torch.float64))
