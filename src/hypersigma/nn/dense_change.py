"""The change network of our own: every pixel of two images of one place, compared by what encoders make of each."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from hypersigma.nn.detection import WIDTH, DetectionConfig, DetectionFeatures

DETAIL = 64  # channels of the path that looks at single pixels and their neighbours


class DenseChangeNetwork(nn.Module):
    """Logits of unchanged and changed for every pixel.

    Both dates share encoders; of their features f and g, f - g and |f - g| are compared by a 3 x 3 convolution. What
    patches of several pixels blur comes from a path of two 3 x 3 convolutions on channels of both dates and their
    difference.

    Args:
        config: of the features of a date.
        channels: of a date, seen by the path of pixels.
    """

    def __init__(self, config: DetectionConfig, channels: int) -> None:
        super().__init__()
        self.features = DetectionFeatures(config)
        self.compare = nn.Sequential(
            nn.Conv2d(2 * WIDTH, WIDTH, 3, padding=1, padding_mode="reflect"), nn.GELU(), nn.Conv2d(WIDTH, 2, 1)
        )
        self.detail = nn.Sequential(
            nn.Conv2d(3 * channels, DETAIL, 3, padding=1, padding_mode="reflect"),
            nn.GELU(),
            nn.Conv2d(DETAIL, DETAIL, 3, padding=1, padding_mode="reflect"),
            nn.GELU(),
            nn.Conv2d(DETAIL, 2, 1),
        )

    def forward(
        self, first: Tensor, second: Tensor, image: Tensor, present: Tensor | None = None, beside: Tensor | None = None
    ) -> Tensor:
        """Logits (B, 2, H, W) of unchanged and changed.

        Args:
            first: (B, channels, H, W) of the first date.
            second: the same of the second date.
            image: (2 B, C, H, W) of both dates as the encoders see them, the first date first.
            present: (C,), bool, says which bands hold data.
            beside: (2 B, beside, H, W) further channels for the spatial encoder.
        """
        one, other = self.features(image, present, beside).chunk(2)
        difference = other - one
        seen = self.compare(torch.cat([difference, difference.abs()], dim=1))
        return seen + self.detail(torch.cat([first, second, second - first], dim=1))  # type: ignore[no-any-return]
