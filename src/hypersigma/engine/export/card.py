"""The card of an export: what its graphs expect of bands and numbers, how tiles are put together, what comes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from hypersigma import __version__
from hypersigma.engine.export.models import Exportable
from hypersigma.engine.export.stages import Stage
from hypersigma.spectra import CANONICAL


def card_of(model: Exportable, form: str) -> dict[str, Any]:
    """The card, as plain data."""
    legend = model.legend
    return {
        "format": 1,
        "written_by": f"hypersigma {__version__}",
        "licence": "Apache-2.0 for the code of the graphs; weights keep the terms of what they were trained on",
        "kind": model.kind,
        "form": form,
        "seed": model.seed,
        "bands": _bands(model),
        "tile": model.tile,
        "overlap": model.overlap,
        "halo": model.front_end.halo,
        "layers": list(model.layers),
        "names": list(legend.names) if legend else [],
        "colors": [list(color) for color in legend.colors] if legend else [],
        "graphs": {stage.name: _graph(stage) for stage in model.stages},
        "statistics": _statistics(model),
        "settings": dict(model.settings),
    }


def _bands(model: Exportable) -> dict[str, Any]:
    """What a scene must hold."""
    front_end = model.front_end
    bands = front_end.bands
    canonical = front_end.config.bands == "canonical"
    return {
        "count": bands.total,
        "used": list(bands.indices),
        "wavelengths_nm": list(bands.wavelengths) if bands.wavelengths else None,
        # A width that is not known is no number, which JSON has no word for.
        "widths_nm": [width if np.isfinite(width) else None for width in bands.fwhm] if bands.fwhm else None,
        "numbers": model.quantity,
        "no_data": "NaN",
        "grid": "canonical" if canonical else "native",
        "resampled_to_nm": CANONICAL[front_end.used].tolist() if canonical else None,
    }


def _statistics(model: Exportable) -> dict[str, Any]:
    """What the front end was fitted to; the graphs hold the same numbers."""
    front_end = model.front_end
    return {
        "reduction": front_end.config.reduction,
        "mean": front_end.components.mean.tolist(),
        "component_values": front_end.components.values.tolist(),
        "edge_scale": front_end.guide_scale,
        # A channel that never changes is divided by infinity.
        "channel_deviation": [own if np.isfinite(own) else None for own in front_end.deviation.tolist()],
    }


def _graph(stage: Stage) -> dict[str, Any]:
    """Inputs with their shapes, in which what may change is None, and outputs."""
    shapes = [
        [None if axis in free else length for axis, length in enumerate(example.shape)]
        for example, free in zip(stage.examples, stage.free, strict=True)
    ]
    return {"inputs": dict(zip(stage.inputs, shapes, strict=True)), "outputs": list(stage.outputs)}
