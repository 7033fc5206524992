"""What the benchmark scenes for change detection share: labels of two masks, and the protocols of a single pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.labels import LabelledScene
from hypersigma.data.pair import CHANGED, LEGEND, UNCHANGED, Pair
from hypersigma.data.sampling import SplitConfig
from hypersigma.errors import InputError

TASK = "change_detection"

NUM_PER_CLASS = 500  # labels of each class that published comparisons train on
# No labels at all; random pixels, as published; and ground that is not trained on.
PROTOCOLS = {
    "none": SplitConfig(protocol="none"),
    "random": SplitConfig(protocol="random", num_per_class=NUM_PER_CLASS),
    "left": SplitConfig(protocol="left", num_per_class=NUM_PER_CLASS, window_radius=0),
    "right": SplitConfig(protocol="right", num_per_class=NUM_PER_CLASS, window_radius=0),
}


def labelled(pair: Pair, changed: NDArray[np.bool_], unchanged: NDArray[np.bool_]) -> LabelledScene:
    """A pair with the pixels (rows, cols) that are known to have changed, and those known not to.

    Raises:
        InputError: a pixel is both, or the masks are of another size than the pair.
    """
    both = int(np.count_nonzero(changed & unchanged))
    if both:
        raise InputError(f"{pair.name}: {both} pixels are labelled both changed and unchanged; expected one or neither")
    labels = np.where(changed, CHANGED, np.where(unchanged, UNCHANGED, 0)).astype(np.int32)
    return LabelledScene(pair, labels, LEGEND)
