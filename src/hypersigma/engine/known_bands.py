"""What is known before any image is seen, which canonical bands are there: said to whoever records a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.overrides import TorchFunctionMode


def known_on_card(mask: Tensor | None) -> AbstractContextManager[Any]:
    """A mask's numbers known, where it lies on a card, which would be waited for; elsewhere, and for None, nothing."""
    if mask is None or mask.device.type == "cpu":
        return nullcontext()
    return KnownBands(mask, mask.cpu().numpy())


class KnownBands(TorchFunctionMode):
    """Lets a network be traced, or recorded on a card, as if a mask of bands were written in its code.

    Networks pick bands by a mask, which has as many as it says; a tracer knows no numbers and would not know how many
    these are, and a card would have to be waited for to tell. Inside this context picking by that mask is picking by
    places.

    Args:
        mask: (C,) bool, the very tensor that the network picks by.
        known: its numbers.
    """

    def __init__(self, mask: Tensor, known: NDArray[np.bool_]) -> None:
        super().__init__()
        self.mask = mask
        self.known = known

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if args and args[0] is self.mask:
            if func is Tensor.nonzero:
                return self._places[:, None]
            if func is Tensor.all:
                return bool(self.known.all())
            if func is Tensor.cpu:
                return _Numbers(self.known)
        if func in (Tensor.__getitem__, Tensor.__setitem__) and isinstance(args[1], tuple):
            picked = tuple(self._places if index is self.mask else index for index in args[1])
            args = (args[0], picked, *args[2:])
        return func(*args, **(kwargs or {}))

    @cached_property
    def _places(self) -> Tensor:
        """Indices (n,) of the bands that are there."""
        return torch.from_numpy(np.flatnonzero(self.known)).to(self.mask.device)


class _Numbers:
    """A tensor's numbers, where the tensor itself has none."""

    def __init__(self, known: NDArray[np.bool_]) -> None:
        self._known = known

    def numpy(self) -> NDArray[np.bool_]:
        return self._known
