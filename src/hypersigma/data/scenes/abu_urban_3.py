"""ABU urban 3: AVIRIS, 100 x 100 pixels, 191 bands, 52 pixels of anomalies."""

from hypersigma.data.scenes import _abu

APPROXIMATE, PROTOCOLS, TASK = _abu.APPROXIMATE, _abu.PROTOCOLS, _abu.TASK
load, draw = _abu.scene("urban-3", 191)
