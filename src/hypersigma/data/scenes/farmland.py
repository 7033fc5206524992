"""Farmland: EO-1 Hyperion over fields near Yancheng, China, 2006 and 2007, 450 x 140 pixels of 30 m, 155 bands.

The form with `Farm1.mat`, `Farm2.mat` and `GTChina1.mat`, in which every pixel is labelled: 1 for unchanged and 2 for
changed, unlike the maps of other scenes. Nothing says which of the 242 bands are left, so they come without
wavelengths.
"""

from hypersigma.data.scenes._change_mat import PROTOCOLS, TASK, MatPair

__all__ = ["PROTOCOLS", "TASK", "WAVELENGTHS", "load"]

WAVELENGTHS = False

load = MatPair(
    name="farmland",
    title="Farmland",
    before=("Farm1.mat", "imgh"),
    after=("Farm2.mat", "imghl"),
    truth=("GTChina1.mat", "label"),
    changed=2,
    unchanged=1,
).loader()
