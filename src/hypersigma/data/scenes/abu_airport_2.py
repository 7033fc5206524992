"""ABU airport 2: AVIRIS, 100 x 100 pixels, 205 bands, 87 pixels of anomalies."""

from hypersigma.data.scenes import _abu

APPROXIMATE, PROTOCOLS, TASK = _abu.APPROXIMATE, _abu.PROTOCOLS, _abu.TASK
load, draw = _abu.scene("airport-2", 205)
