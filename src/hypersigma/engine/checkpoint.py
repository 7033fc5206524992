"""Training that was interrupted: network, optimiser and learning curve in one file that is never half written."""

from __future__ import annotations

import copy
import logging
from pathlib import Path

import torch
from torch import nn

from hypersigma.writers import replaced_file

_LOG = logging.getLogger(__name__)


def save_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, curve: list[tuple[int, float]], step: int
) -> None:
    """Write the state after `step` steps.

    Raises:
        OutputError: the file cannot be written.
    """
    state = {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "curve": curve, "step": step}
    with replaced_file(path) as place:
        torch.save(state, place)


def load_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.Optimizer, curve: list[tuple[int, float]]
) -> int:
    """Restore a state in place and return its step; 0, and nothing restored, if there is none that fits."""
    if not path.exists():
        return 0
    before = copy.deepcopy(network.state_dict())
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        step, points = int(state["step"]), [(int(at), float(loss)) for at, loss in state["curve"]]
        network.load_state_dict(state["network"])
        optimizer.load_state_dict(state["optimizer"])
    except Exception as error:
        # A damaged file of an interrupted run is no reason not to start, from where nothing was restored.
        network.load_state_dict(before)
        _LOG.warning("%s cannot be resumed from (%s): starting anew", path, error)
        return 0
    curve[:] = points
    _LOG.info("resuming %s at step %d", path.stem, step)
    return step
