"""Bay Area: AVIRIS over the city of Patterson, California, 2013 and 2015, 224 bands; a part of the pixels is labelled.

The form with the arrays `T1`, `T2` and `GT` in `BayArea.mat`. It holds no wavelengths; nominal ones of the sensor are
given.
"""

from hypersigma.data.scenes._change_mat import PROTOCOLS, TASK, MatPair

__all__ = ["PROTOCOLS", "TASK", "load"]

load = MatPair(
    name="bay_area",
    title="Bay Area",
    before=("BayArea.mat", "T1"),
    after=("BayArea.mat", "T2"),
    truth=("BayArea.mat", "GT"),
    changed=1,
    unchanged=2,
    sensor="aviris",
).loader()
