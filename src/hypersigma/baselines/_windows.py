"""The two square windows of local detectors."""

from __future__ import annotations

from hypersigma.errors import ConfigError


def check_windows(inner: int, outer: int) -> None:
    """Raise ConfigError unless both sides are odd and the outer window is larger than the inner one."""
    if inner % 2 == 0 or outer % 2 == 0 or not 0 < inner < outer:
        raise ConfigError(
            f"inner ({inner}) and outer ({outer}) must be odd numbers of pixels, the outer one the larger"
        )
