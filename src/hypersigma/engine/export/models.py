"""What can be exported: a fitted network, or pre-trained encoders, with what it says itself of a scene."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from hypersigma import config as configuration
from hypersigma.cube import Cube
from hypersigma.data.bands import Bands
from hypersigma.data.components import Components
from hypersigma.data.front_end import FrontEnd
from hypersigma.data.radiometry import CANONICAL_BANDS, clear_bands
from hypersigma.engine.anchors import NOWHERE, Anchors
from hypersigma.engine.export.front_end import FrontEndGraph
from hypersigma.engine.export.networks import EncodersGraph
from hypersigma.engine.export.stages import Stage, front_stage, network_stage, stages_of
from hypersigma.engine.features import FeatureExtractor
from hypersigma.engine.fitted import NeuralFitted
from hypersigma.engine.predict import load_fitted, predict_scene
from hypersigma.errors import InputError
from hypersigma.nn.packed import unpacked
from hypersigma.products import Legend
from hypersigma.spectra import CANONICAL, CANONICAL_STEP, response_matrix, sensor_bands
from hypersigma.tiling import Window
from hypersigma.weights.encoders import Encoders, load_encoders
from hypersigma.weights.pretrained import find_pretrained

_FEATURES = "features"


@dataclass(frozen=True, kw_only=True, eq=False)
class Exportable:
    """A model as graphs.

    Attributes:
        kind: the task, or "features".
        stages: its graphs.
        front_end: from bands to channels.
        tile, overlap: of the squares that the network sees, in pixels.
        layers: names of what comes out.
        legend: of classes, materials or what is found; None for features.
        settings: of the model, as plain data; seed: of its fit, None for pre-trained encoders.
        quantity: what the numbers of a scene must be.
        anchors: labels that stand in the map of their own scene.
        say: the layers that the model itself makes of a scene, with labels of that scene.
    """

    kind: str
    stages: tuple[Stage, ...]
    front_end: FrontEnd
    tile: int
    overlap: int
    layers: tuple[str, ...]
    legend: Legend | None
    settings: Mapping[str, Any]
    seed: int | None
    quantity: str
    anchors: Anchors
    say: Callable[[Cube, Anchors], Mapping[str, NDArray[Any]]]


def exportable(model: str, sensor: str | None = None) -> Exportable:
    """A model by the folder of a run, or pre-trained encoders by a folder or size, for the bands of a sensor.

    Args:
        model: a folder, or a size whose weights come with the package.
        sensor: whose bands scenes have; None for those that the model was fitted on, and for encoders for the
            canonical grid.

    Raises:
        InputError: there is no model, or a part of it has no exported form.
        WeightsError: there are no such weights.
        ConfigError: there is no such sensor.
    """
    place = Path(model)
    if not place.is_dir() or find_pretrained(place):
        return _of_encoders(load_encoders(model), sensor)
    fitted = load_fitted(place, "cpu")
    if not isinstance(fitted, NeuralFitted):
        raise InputError(
            f"{model}: {_called(fitted)} is no network and has no exported form; use  hypersigma predict,  or "
            "fit a network and export that (classification does by default, other tasks with  --set mode=trained)"
        )
    return _of_fitted(fitted, sensor)


def _called(fitted: Any) -> str:
    """A fitted method that is no network, in words."""
    return f"the method '{type(getattr(fitted, 'method', fitted)).__name__}'"


def _of_fitted(fitted: NeuralFitted, sensor: str | None) -> Exportable:
    """A fitted network."""
    if sensor is not None:
        fitted = replace(fitted, front_end=_for_sensor(fitted.front_end, sensor))
    stages = stages_of(fitted)
    return Exportable(
        kind=fitted.task.name,
        stages=stages,
        front_end=fitted.front_end,
        tile=fitted.config.tile,
        overlap=fitted.config.overlap,
        layers=stages[-1].outputs,
        legend=fitted.legend,
        settings=configuration.unstructure(fitted.config),
        seed=fitted.seed,
        quantity="that of the scenes the model was fitted on, calibrated (scale and offset applied)",
        anchors=fitted.anchors,
        say=lambda cube, anchors: predict_scene(replace(fitted, anchors=anchors), cube),
    )


def _for_sensor(front_end: FrontEnd, sensor: str) -> FrontEnd:
    """A front end for the bands of another sensor."""
    if front_end.config.bands == "native":
        raise InputError("bands: native  are those of one sensor; leave out --sensor, or fit with  bands: canonical")
    bands, covered = _sensor(sensor)
    lacking = CANONICAL[front_end.used[~covered[front_end.used]]]
    if len(lacking):
        raise InputError(
            f"{sensor} does not cover {len(lacking)} of the {len(front_end.used)} canonical bands that the model was "
            f"fitted on (around {lacking[0]:.0f} nm); name a sensor that does"
        )
    return replace(front_end, bands=bands)


def _sensor(name: str | None) -> tuple[Bands, NDArray[np.bool_]]:
    """All bands of a sensor, or of the canonical grid itself, and which canonical bands they cover."""
    centres, widths = (CANONICAL, np.full(len(CANONICAL), CANONICAL_STEP)) if name is None else sensor_bands(name)
    order = np.argsort(centres, kind="stable")
    centres, widths = centres[order], widths[order]
    bands = Bands(tuple(range(len(centres))), len(centres), tuple(centres.tolist()), tuple(widths.tolist()))
    return bands, response_matrix(centres, widths)[1]


def _of_encoders(encoders: Encoders, sensor: str | None) -> Exportable:
    """Pre-trained encoders."""
    extractor = FeatureExtractor.of(encoders, "cpu")
    bands, covered = _sensor(sensor)
    present = covered & clear_bands()
    used = np.flatnonzero(present)
    front_end = FrontEnd(
        config=CANONICAL_BANDS,
        bands=bands,
        used=used,
        components=Components(mean=np.zeros(len(used)), matrix=np.eye(len(used)), values=np.ones(len(used))),
        guide_scale=1.0,
        deviation=np.ones(len(used), dtype=np.float32),
    )
    network = EncodersGraph(unpacked(nn.ModuleList(extractor.encoders)), present)
    return Exportable(
        kind=_FEATURES,
        stages=(front_stage(FrontEndGraph(front_end)), network_stage(network, len(used), extractor.tile)),
        front_end=front_end,
        tile=extractor.tile,
        overlap=extractor.overlap,
        layers=(_FEATURES,),
        legend=None,
        settings={part.card.kind: configuration.unstructure(part.card.config) for part in encoders.parts},
        seed=None,
        quantity=extractor.radiometry,
        anchors=NOWHERE,
        say=lambda cube, anchors: {_FEATURES: extractor.features(cube)},
    )


def likely_scene(model: Exportable, seed: int = 0) -> Cube:
    """A scene made by code, of the sensor, with spectra such as the model was fitted on, fields, and no data in places.

    It is a little larger than a tile in both directions, so that tiles are blended.
    """
    front_end, side = model.front_end, model.tile + max(model.tile // 4, 2)
    generator = np.random.default_rng(seed)
    fields = np.kron(generator.standard_normal((len(front_end.components.matrix), 6, 6)), np.ones((-(-side // 6),) * 2))
    values = fields[:, :side, :side] + 0.3 * generator.standard_normal((len(fields), side, side))
    values *= np.sqrt(np.maximum(front_end.components.values, 0.0))[:, None, None]
    spectra = np.tensordot(front_end.components.restoring, values, axes=1) + front_end.components.mean[:, None, None]
    if model.kind == _FEATURES:
        spectra = 0.3 + 0.05 * values
    bands, window = front_end.bands, Window(side // 3, side // 4, 3, 5)
    array = np.zeros((bands.total, side, side), dtype=np.float32)
    if front_end.config.bands == "native":
        array[list(bands.indices)] = spectra
    else:
        assert bands.wavelengths is not None
        array[:] = _interpolated(np.asarray(bands.wavelengths), CANONICAL[front_end.used], spectra)
    array[:, *window.slices] = np.nan
    return Cube.from_array(array, bands.wavelengths, bands.fwhm, quantity="reflectance", name="check")


def _interpolated(
    places: NDArray[np.float64], centres: NDArray[np.float64], spectra: NDArray[np.float64]
) -> NDArray[Any]:
    """Spectra (centres, h, w) at other wavelengths (places, h, w), constant beyond the ends."""
    unit = np.eye(len(centres))
    matrix = np.stack([np.interp(places, centres, row) for row in unit], axis=1)
    moved: NDArray[Any] = np.tensordot(matrix, spectra, axes=1)
    return moved
