"""Names of the published denoising networks, HyperSIGMA with both encoders and SpatSIGMA with the spatial one."""

from __future__ import annotations

from hypersigma.weights.official.names import Table
from hypersigma.weights.official.restoration import alone, both

BOTH: Table = both(enlarged=True)
ALONE: Table = alone(enlarged=True)
