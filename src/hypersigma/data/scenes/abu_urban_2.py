"""ABU urban 2: AVIRIS, 100 x 100 pixels, 207 bands, 155 pixels of anomalies."""

from hypersigma.data.scenes import _abu

APPROXIMATE, PROTOCOLS, TASK = _abu.APPROXIMATE, _abu.PROTOCOLS, _abu.TASK
load, draw = _abu.scene("urban-2", 207)
