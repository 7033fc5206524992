"""Coupled non-negative matrix factorisation: materials from the scene, their shares from the companion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from hypersigma.baselines._sharpener import Fusion
from hypersigma.data.endmembers import vca
from hypersigma.data.moments import descending
from hypersigma.data.sharpened_maps import Image
from hypersigma.data.sharpening import Match, filled
from hypersigma.data.signal_dimension import scene_moments
from hypersigma.errors import ConfigError

TASK = "super_resolution"

_TINY = np.finfo(np.float32).tiny
_LEAST = 1e-3  # of the mean share
_INDEPENDENT = 1e-10  # share of the largest power that a direction needs to count


@dataclass(frozen=True, kw_only=True)
class CoupledFactorisation(Fusion):
    """Both images as non-negative spectra times non-negative shares, made to agree in turn by multiplicative updates.

    Spectra begin as pixels of the scene (VCA, which the seed rules), shares as those that tell the scene. The
    companion, which sees spectra through non-negative band weights and adds a constant that is not negative either,
    improves the shares; the scene, which sees them coarsened, the spectra. Shares need not sum to one, as light changes
    over the ground; negative numbers count as zero.

    Source: Yokoya, Yairi and Iwasaki, "Coupled nonnegative matrix factorization unmixing for hyperspectral and
    multispectral data fusion", IEEE TGRS 50(2), 2012; with the companion only shares are updated, not what it sees of
    spectra as well.

    Attributes:
        num_endmembers: spectra at most; fewer where the scene has fewer bands or independent spectra.
        rounds: how often companion and scene take turns.
        updates: of each factor in a turn.
    """

    num_endmembers: int = 30
    rounds: int = 3
    updates: int = 300

    def __post_init__(self) -> None:
        super().__post_init__()
        if min(self.num_endmembers, self.rounds, self.updates) < 1:
            found = f"{self.num_endmembers}, {self.rounds} and {self.updates}"
            raise ConfigError(f"num_endmembers, rounds and updates are {found}; expected at least 1 each")

    def combined(self, match: Match, seed: int) -> Image:
        scene = np.maximum(match.image[:, match.known], 0)
        weights, constants = _responses(scene, match.coarse[:, match.known])
        sharp = np.maximum(match.sharp.reshape(len(constants), -1) - constants, 0)
        spectra = self._start(scene, seed)
        shares = np.full((spectra.shape[1], scene.shape[1]), 1 / spectra.shape[1], dtype=np.float32)
        shares = _fitted(scene, spectra, shares, self.updates)
        spectra, shares = _alternated(scene, spectra, shares, self.updates)
        fine = _onto(match, shares)
        for _ in range(self.rounds):
            fine = _fitted(sharp, weights @ spectra, fine, self.updates)
            coarse = match.lies.seen(fine.reshape(-1, *match.shown.shape), match.spread)[:, match.known]
            spectra = _fitted(scene.T, coarse.T, spectra.T, self.updates).T
        return (spectra @ fine).reshape(-1, *match.shown.shape)

    def _start(self, scene: Image, seed: int) -> Image:
        """Spectra (bands, num) of pixels, as many as the scene allows."""
        powers, _ = descending(scene_moments(scene).correlation)
        independent = int(np.count_nonzero(powers > _INDEPENDENT * powers[0]))
        num = min(self.num_endmembers, independent, scene.shape[1])
        return np.maximum(vca(scene, num, seed).spectra.T, 0).astype(np.float32)


def _fitted(image: Image, spectra: Image, shares: Image, updates: int) -> Image:
    """Shares (num, n) after updates that bring spectra (bands, num) times shares closer to an image (bands, n)."""
    told: Image = spectra.T @ image
    overlap: Image = spectra.T @ spectra
    for _ in range(updates):
        shares = shares * (told / np.maximum(overlap @ shares, _TINY))
    return shares


def _alternated(image: Image, spectra: Image, shares: Image, updates: int) -> tuple[Image, Image]:
    """Spectra and shares after updates of both in turn."""
    for _ in range(updates):
        shares = _fitted(image, spectra, shares, 1)
        spectra = _fitted(image.T, shares.T, spectra.T, 1).T
    return spectra, shares


def _onto(match: Match, shares: Image) -> Image:
    """Shares (num, n) of the scene's known pixels on all of the companion's (num, pixels), none zero."""
    full = np.full((len(shares), *match.known.shape), np.nan, dtype=np.float32)
    full[:, match.known] = shares
    fine = np.stack([match.onto(band) for band in filled(full)[0]]).reshape(len(shares), -1)
    # what is zero once is zero for ever
    raised: Image = np.maximum(fine, _LEAST * float(shares.mean()))
    return raised


def _responses(scene: Image, coarse: Image) -> tuple[Image, Image]:
    """Non-negative weights (companion bands, bands) and constants with which the companion sees spectra.

    Args:
        scene: (bands, n).
        coarse: (companion bands, n), the companion as the scene's pixels see it.
    """
    known = np.concatenate([scene, np.ones((1, scene.shape[1]))]).T.astype(np.float64)
    factor, inside = np.linalg.qr(known)
    found = np.stack([nnls(inside, factor.T @ band.astype(np.float64))[0] for band in coarse]).astype(np.float32)
    return found[:, :-1], found[:, -1:]


METHOD = CoupledFactorisation()
