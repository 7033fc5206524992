"""Santa Barbara: AVIRIS over the coast of California, 2013 and 2014, 224 bands; a part of the pixels is labelled.

The form with the arrays `T1`, `T2` and `GT` in `Barbara.mat`. It holds no wavelengths; nominal ones of the sensor are
given.
"""

from hypersigma.data.scenes._change_mat import PROTOCOLS, TASK, MatPair

__all__ = ["PROTOCOLS", "TASK", "load"]

load = MatPair(
    name="santa_barbara",
    title="Santa Barbara",
    before=("Barbara.mat", "T1"),
    after=("Barbara.mat", "T2"),
    truth=("Barbara.mat", "GT"),
    changed=1,
    unchanged=2,
    sensor="aviris",
).loader()
