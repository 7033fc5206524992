"""A front end as a graph: from the bands of a sensor to channels, and how pixels hold together."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from hypersigma.data.front_end import GROWTH, FrontEnd, guides
from hypersigma.engine.export.regions import bonds_of, spread
from hypersigma.engine.export.shapes import profile
from hypersigma.spectra import response_matrix


class FrontEndGraph(nn.Module):
    """What `FrontEnd.read` and `FrontEnd.bonds` compute of a picture of any size, all at once.

    Statistics and the matrix of components keep double precision, as there: the first components of noise-whitened
    spectra are small differences of large numbers.
    """

    places: Tensor
    resampling: Tensor
    mean: Tensor
    matrix: Tensor
    principal: Tensor
    guides: Tensor
    guide_deviation: Tensor
    deviation: Tensor

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__()
        self.front_end = front_end
        config = front_end.config
        chosen, guide_deviation = guides(config, front_end.components)
        arrays = {
            "places": np.array(front_end.bands.indices, dtype=np.int64),
            "mean": front_end.components.mean[:, None],
            "matrix": front_end.components.matrix,
            "guides": chosen.astype(np.int64),
            "guide_deviation": guide_deviation[:, None, None],
            "deviation": front_end.deviation[:, None, None],
        }
        if config.bands == "canonical":
            arrays["resampling"] = resampling(front_end)
        if config.shapes:
            arrays["principal"] = front_end.principal
        for name, array in arrays.items():
            self.register_buffer(name, torch.from_numpy(np.array(array)))

    def forward(self, bands: Tensor) -> tuple[Tensor, Tensor]:
        """Channels (C, h, w), NaN = no data, and bonds (4, h, w), of all bands of the sensor (N, h, w)."""
        config = self.front_end.config
        taken = bands.index_select(0, self.places)
        known = taken.isfinite().all(dim=0)
        spectra = torch.where(known, taken, 0.0).flatten(1)
        if config.bands == "canonical":
            spectra = self.resampling @ spectra
        reduced = (self.matrix @ (spectra.double() - self.mean)).float()
        reduced = reduced.reshape(-1, *bands.shape[1:])
        guide = reduced.index_select(0, self.guides) / self.guide_deviation
        bonds = bonds_of(guide, known, self.front_end.guide_scale, config.contrast)
        channels = torch.cat([*self._copies(reduced, known, bonds), *self._shapes(reduced, known)]) / self.deviation
        return torch.where(known, channels, torch.nan), bonds

    def _copies(self, reduced: Tensor, known: Tensor, bonds: Tensor) -> list[Tensor]:
        """Components (components, h, w) in copies that are spread more and more."""
        weights = [own for own in self.front_end.config.spreading if own]
        if not weights:
            return [reduced for _ in self.front_end.config.spreading]
        count = self.front_end.num_copied(weights[0])
        least = [own for own in weights for _ in range(count)]
        leading = torch.where(known, reduced[:count], 0.0)
        weight = torch.tensor(least, device=reduced.device)[:, None, None]
        wide = iter(spread(leading.repeat(len(weights), 1, 1), bonds, weight, least).chunk(len(weights)))
        return [next(wide) if own else reduced for own in self.front_end.config.spreading]

    def _shapes(self, reduced: Tensor, known: Tensor) -> list[Tensor]:
        """Openings and closings of the leading principal components."""
        if not self.front_end.config.shapes:
            return []
        shaped = (self.principal @ reduced.flatten(1)).reshape(-1, *reduced.shape[1:])
        return [profile(shaped, known, self.front_end.config.shapes, GROWTH)]


def resampling(front_end: FrontEnd) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The matrix (used canonical bands, read bands) from the sensor that a front end was fitted on."""
    bands = front_end.bands
    assert bands.wavelengths is not None
    matrix, _ = response_matrix(bands.wavelengths, bands.fwhm, bands.mask)
    return matrix[front_end.used][:, list(bands.indices)].astype(np.float32)
