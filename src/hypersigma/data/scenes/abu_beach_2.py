"""ABU beach 2: AVIRIS, 100 x 100 pixels, 193 bands, 202 pixels of anomalies."""

from hypersigma.data.scenes import _abu

APPROXIMATE, PROTOCOLS, TASK = _abu.APPROXIMATE, _abu.PROTOCOLS, _abu.TASK
load, draw = _abu.scene("beach-2", 193)
