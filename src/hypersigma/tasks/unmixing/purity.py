"""The picture of the purest pixels: which corners of the scene the endmembers stand at."""

from __future__ import annotations

import numpy as np

from hypersigma.data.bands import Bands
from hypersigma.data.endmembers import pixel_purity
from hypersigma.data.moments import descending
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_sample import sample_of
from hypersigma.data.unmixing_scores import on_all_bands
from hypersigma.products import Figure, SpectralLibrary

_MOST_NAMED = 20  # endmembers
_NOTE = (
    "A pixel is the purer, the more often it is the first or the last of all along 1000 random directions of as many "
    "principal components as there are endmembers (pixel purity index); those that never are, are grey. A corner with "
    "pure pixels and without an endmember may be a material that is missing."
)


def purity_section(scene: UnmixingScene, library: SpectralLibrary) -> Figure | None:
    """Pixels along the two leading components with the endmembers; None where there are fewer bands or pixels."""
    from hypersigma.viz.purity import purity_figure

    bands = Bands.of(scene.cube)
    spectra = on_all_bands(library, scene.cube)[:, list(bands.indices)]
    shared = np.isfinite(spectra).all(axis=0)
    sample, _ = sample_of([scene], bands, smoothing=0.0)
    seen = sample.spectra[shared].astype(np.float64)
    if min(seen.shape) < 2:
        return None
    mean = seen.mean(axis=1, keepdims=True)
    _, directions = descending(np.cov(seen))
    leading = directions[:, : max(2, len(library))].T
    places = leading @ (seen - mean)
    marked = (leading[:2] @ (spectra[:, shared].T - mean)).T
    endmembers = dict(zip(library.names[:_MOST_NAMED], marked, strict=False))
    title = "The purest pixels"
    return Figure(title, purity_figure(places[:2], pixel_purity(places), endmembers, title=title), _NOTE)
