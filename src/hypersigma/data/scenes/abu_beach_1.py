"""ABU beach 1: AVIRIS, 150 x 150 pixels, 188 bands, 19 pixels of anomalies."""

from hypersigma.data.scenes import _abu

APPROXIMATE, PROTOCOLS, TASK = _abu.APPROXIMATE, _abu.PROTOCOLS, _abu.TASK
load, draw = _abu.scene("beach-1", 188)
