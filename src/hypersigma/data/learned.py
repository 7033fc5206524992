"""Small networks with what they learned, from the files that ship in the package."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from torch import nn

Network = TypeVar("Network", bound="nn.Module")


def learned(network: Network, file: str) -> Network:
    """A network for use with the numbers of a file of the package, an array a tensor by its name."""
    import torch

    with resources.as_file(resources.files("hypersigma") / file) as path, np.load(path) as arrays:
        network.load_state_dict({name: torch.from_numpy(arrays[name]) for name in arrays.files})
    return network.eval()
