"""ABU beach 3: AVIRIS, 100 x 100 pixels, 188 bands, 11 pixels of anomalies."""

from hypersigma.data.scenes import _abu

APPROXIMATE, PROTOCOLS, TASK = _abu.APPROXIMATE, _abu.PROTOCOLS, _abu.TASK
load, draw = _abu.scene("beach-3", 188)
