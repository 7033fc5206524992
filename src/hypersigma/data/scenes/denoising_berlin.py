"""Berlin by HyMap, with simulated noise of the published kinds."""

from hypersigma.data.scenes import _clean, _noisy

TASK, PROTOCOLS = _noisy.TASK, _noisy.PROTOCOLS
load, draw = _noisy.scenes(_clean.berlin)
