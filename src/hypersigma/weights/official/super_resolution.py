"""Names of the published super-resolution networks, HyperSIGMA with both encoders and SpatSIGMA with the spatial one.

They hold a layer that doubles rows and columns of features, but take patches of one pixel and never use it.
"""

from __future__ import annotations

from hypersigma.weights.official.names import Rule, Table
from hypersigma.weights.official.restoration import alone, both

_FINE: Table = (Rule("upsample.{i}.{p}", "enlarge.{i}.{p}"), Rule("skip_conv.{p}", "skip.{p}"))

BOTH: Table = (*both(enlarged=False), *_FINE)
ALONE: Table = (*alone(enlarged=False), *_FINE)
