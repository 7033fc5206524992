"""A part of Pavia University, 103 bands of 50 x 50 pixels, with simulated noise of the published kinds."""

from hypersigma.data.scenes import _clean, _noisy

TASK, PROTOCOLS = _noisy.TASK, _noisy.PROTOCOLS
load, draw = _noisy.scenes(_clean.pavia_university)
