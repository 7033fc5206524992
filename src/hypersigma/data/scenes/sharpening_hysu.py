"""DLR HySU, 84 x 120 pixels, on pixels 2, 4 and 8 times larger, and 4 times with an RGB made of it."""

from hypersigma.data.scenes import _clean, _coarse

TASK, PROTOCOLS = _coarse.TASK, _coarse.PROTOCOLS
load, draw = _coarse.scenes(_clean.hysu)
