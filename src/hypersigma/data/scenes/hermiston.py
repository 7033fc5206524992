"""Hermiston: EO-1 Hyperion over irrigated fields in Oregon, 2004 and 2007, 307 x 241 pixels of 30 m, 154 bands.

The form with `Sa1.mat`, `Sa2.mat` and `SaGT.mat`, in which every pixel is labelled. Nothing says which of the 242 bands
are left, so they come without wavelengths.
"""

from hypersigma.data.scenes._change_mat import PROTOCOLS, TASK, MatPair

__all__ = ["PROTOCOLS", "TASK", "WAVELENGTHS", "load"]

WAVELENGTHS = False

load = MatPair(
    name="hermiston",
    title="Hermiston",
    before=("Sa1.mat", "T1"),
    after=("Sa2.mat", "T2"),
    truth=("SaGT.mat", "GT"),
    changed=1,
    unchanged=2,
).loader()
