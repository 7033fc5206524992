"""The statistics of natural spectra, `src/hypersigma/natural_spectra.npz`, from noiseless simulated scenes.

Command: python benchmarks/natural_spectra.py corpus/simulated.yaml OUTPUT.npz, in the folder with the data that
`recipes/pretraining/corpus.sh` prepared; 200 scenes of each sensor, minutes on one core.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.patch_group import canonical
from hypersigma.data.simulated_corpus import SimulatedCorpus

SENSORS, SCENES, FIRST = ("aviris", "enmap", "hyperion", "emit"), 200, 5000


def truth(corpus: SimulatedCorpus, sensor: str, index: int) -> NDArray[np.float64]:
    """Spectra (100, pixels) of a scene without the instrument's faults; missing bands lie on lines between others."""
    simulator = corpus.simulator(sensor)
    seen = simulator.perfect((FIRST, index))
    (image,), present = canonical(simulator.group.stored(seen)[None], simulator.group, np.isfinite(seen).any((1, 2)))
    places, there = np.arange(len(present)), np.flatnonzero(present)
    spectra = image.reshape(len(image), -1)[present].astype(np.float64)
    return np.stack([np.interp(places, there, one) for one in spectra.T], axis=1)


def main(corpus: Path, output: Path) -> None:
    """Write mean, covariance over all pixels, and covariance within scenes on average."""
    described = SimulatedCorpus.load(corpus)
    means, squares, within = [], [], []
    for sensor in SENSORS:
        for index in range(SCENES):
            spectra = truth(described, sensor, index)
            centred = spectra - spectra.mean(axis=1, keepdims=True)
            means.append(spectra.mean(axis=1))
            squares.append(spectra @ spectra.T / spectra.shape[1])
            within.append(centred @ centred.T / spectra.shape[1])
    mean = np.mean(means, axis=0)
    found = {"mean": mean, "covariance": np.mean(squares, 0) - np.outer(mean, mean), "within": np.mean(within, 0)}
    np.savez_compressed(output, **{name: array.astype(np.float32) for name, array in found.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
