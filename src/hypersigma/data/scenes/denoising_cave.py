"""Chart and stuffed toy of CAVE, 31 bands of 256 x 256 pixels, with simulated noise of the published kinds."""

from hypersigma.data.scenes import _clean, _noisy

TASK, PROTOCOLS = _noisy.TASK, _noisy.PROTOCOLS
load, draw = _noisy.scenes(_clean.cave)
