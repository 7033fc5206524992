"""The spectral enhancement module: spectral tokens decide how much each channel of a map counts."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SpectralGate(nn.Module):
    """Channel factors 1 + sigmoid(W2 relu(W1 z)), z being the mean over features of every spectral token.

    Args:
        tokens: number of band tokens, present or not.
        hidden: width between W1 and W2.
        channels: channels of the map.
        mask_input: also tell W1 which tokens are present, so that a missing one differs from a zero one; published
            networks see the means alone.
    """

    def __init__(self, tokens: int, hidden: int, channels: int, *, mask_input: bool = True) -> None:
        super().__init__()
        self.tokens = tokens
        self.mask_input = mask_input
        self.squeeze = nn.Linear(tokens * (2 if mask_input else 1), hidden, bias=False)
        self.excite = nn.Linear(hidden, channels, bias=False)

    def forward(self, tokens: Tensor, present: Tensor | None = None) -> Tensor:
        """Factors (B, channels, 1, 1) between 1 and 2 from tokens (B, N, D) of the present bands (`tokens`,)."""
        means = tokens.mean(-1)
        if present is not None:
            # Every band keeps its own input of W1, present or not.
            means = means.new_zeros(means.shape[0], self.tokens).index_copy(1, present.nonzero().squeeze(1), means)
        if self.mask_input:
            mask = means.new_ones(self.tokens) if present is None else present.to(means.dtype)
            means = torch.cat([means, mask.expand_as(means)], dim=1)
        gate = self.excite(self.squeeze(means).relu()).sigmoid()
        return 1 + gate[..., None, None]  # type: ignore[no-any-return]
