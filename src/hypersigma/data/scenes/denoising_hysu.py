"""DLR HySU, 135 bands of 86 x 123 pixels, with simulated noise of the published kinds."""

from hypersigma.data.scenes import _clean, _noisy

TASK, PROTOCOLS = _noisy.TASK, _noisy.PROTOCOLS
load, draw = _noisy.scenes(_clean.hysu)
