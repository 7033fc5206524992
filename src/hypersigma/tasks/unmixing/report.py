"""The report of an unmixing: where materials are, what their spectra are, and how that agrees with what is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hypersigma.data.endmember_count import Counted
from hypersigma.data.method import Findings, Method
from hypersigma.data.unmixing import UnmixingScene
from hypersigma.data.unmixing_maps import ABUNDANCES, ANGLE, RESIDUAL, left_over
from hypersigma.data.unmixing_scores import Agreement, agreement, by_material, on_all_bands
from hypersigma.metrics.unmixing import NOT_FOUND, spectral_angles
from hypersigma.products import Figure, Layer, Section, SpectralLibrary, Table, Text
from hypersigma.tasks.unmixing.purity import purity_section

_PER_ROW = 4  # pictures
_NUM_MATCHES = 3  # spectra of a library that are named for each endmember
_MOST_DRAWN = 10  # spectra in one picture
_LEAST_SHARE = 0.005  # of the scene, below which a material is all but absent
_MOST_EVIDENCE = 12  # directions of a count that are listed


def findings(
    inputs: Sequence[UnmixingScene], method: Method, network: Any, seed: int, layers: Mapping[str, Layer]
) -> Findings:
    """Maps, spectra and, where a truth or a library is given, how they agree with it.

    Args:
        inputs: the scenes.
        method: the method.
        network: what was fitted: its `libraries` hold the endmembers.
        seed: of the fit.
        layers: abundances, residual and angle of each scene.
    """
    (library,) = network.libraries
    metrics: dict[str, float] = {"num_endmembers": float(len(library))}
    sections: list[Section] = []
    notes: list[str] = []
    maps, residuals, angles = (
        [layer for name, layer in layers.items() if name.endswith(kind)] for kind in (ABUNDANCES, RESIDUAL, ANGLE)
    )
    for scene, shares, residual, angle in zip(inputs, maps, residuals, angles, strict=True):
        prefix = shares.name.removesuffix(ABUNDANCES)
        metrics |= {f"{prefix}{key}": value for key, value in left_over(residual.array, angle.array).items()}
        sections += _maps(scene, shares, residual)
        if scene.has_truth:
            spread = on_all_bands(library, scene.cube)
            agreed = agreement(scene, *by_material(spread, library), shares.array)
            metrics |= {f"{prefix}{key}": value for key, value in agreed.metrics.items()}
            sections += _agreement(scene, agreed, shares.band_names)
            sections += _against(scene, agreed, spread, library)
        missing = int(np.count_nonzero(~np.isfinite(residual.array)))
        if missing:
            notes.append(f"{scene.cube.name}: {missing} pixels lack data in some band and have no abundances")
    sections.append(_spectra("Endmembers", library, library.spectra))
    sections += _members(library)
    purest = purity_section(inputs[0], library)
    if purest is not None:
        sections.append(purest)
    if inputs[0].library is not None and inputs[0].count is not None:
        sections.append(_matches(library, on_all_bands(library, inputs[0].cube), inputs[0].library))
    if not any(scene.has_truth for scene in inputs):
        sections.append(_untold())
    counted = getattr(network, "counted", None)
    if counted is not None:
        sections.append(_evidence(counted))
    return Findings(metrics, sections, notes)


def _maps(scene: UnmixingScene, shares: Layer, residual: Layer) -> Iterator[Section]:
    """The abundances side by side, the residual beside the scene, and how much there is of each material."""
    from hypersigma.viz.panels import Panel, panels_figure
    from hypersigma.viz.quicklook import composite

    picture = composite(scene.cube)
    step = -(-max(residual.array.shape) // max(picture.shape[:2]))
    panels = [
        Panel(name, np.clip(array[::step, ::step], 0.0, 1.0))
        for name, array in zip(shares.band_names, shares.array, strict=True)
    ]
    for start in range(0, len(panels), _PER_ROW):
        some = panels[start : start + _PER_ROW]
        title = f"Abundances: {scene.cube.name}" if len(panels) <= _PER_ROW else f"Abundances from {some[0].title} on"
        yield Figure(title, panels_figure(some))
    small = residual.array[::step, ::step]
    known = small[np.isfinite(small)]
    high = float(np.quantile(known, 0.99)) if known.size else 0.0
    scaled = np.clip(small / high if high > 0 else small, 0.0, 1.0)
    units = f" ({residual.units})" if residual.units else ""
    yield Figure(
        "The scene, and what the materials leave of it",
        panels_figure([Panel("Scene", picture), Panel("Residual", scaled)]),
        f"Residual: root mean squared error over the bands; 1 stands for {high:.3g}{units}.",
    )
    yield _amounts(shares)


def _amounts(shares: Layer) -> Table:
    """How much there is of each material."""
    flat = shares.array.reshape(len(shares.array), -1)
    own = flat[:, np.isfinite(flat).all(axis=0)].astype(np.float64)
    rows = [
        (name, f"{values.mean():.1%}", f"{np.mean(values > 0.9):.1%}", f"{values.max():.3f}")
        for name, values in zip(shares.band_names, own, strict=True)
        if values.size
    ]
    absent = [row[0] for row, values in zip(rows, own, strict=False) if values.mean() < _LEAST_SHARE]
    return Table(
        "How much there is of each material",
        ("material", "mean share", "pixels above 90 %", "largest share"),
        tuple(rows),
        f"Hardly there at all: {', '.join(absent)}." if absent else "",
    )


def _agreement(scene: UnmixingScene, agreed: Agreement, names: Sequence[str]) -> Iterator[Section]:
    """Figures of the truth, material by material."""
    rows = []
    for index, material in enumerate(scene.materials):
        found = int(agreed.materials.found[index])
        angle, error = agreed.materials.angles[index], agreed.materials.rmse[index]
        rows.append(
            (
                material,
                "none left" if found == NOT_FOUND else names[found],
                f"{angle:.4f}" if np.isfinite(angle) else "",
                f"{np.rad2deg(angle):.2f}" if np.isfinite(angle) else "",
                f"{error:.4f}" if np.isfinite(error) else "",
            )
        )
    how = {
        "spectra": "Matched so that the sum of the angles is least.",
        "names": "Matched by name.",
        "abundances": "Matched so that abundances agree best, as no true spectra are known: that flatters.",
    }[agreed.by]
    yield Table(
        "Agreement with the truth",
        ("true material", "found", "angle in rad", "in degrees", "RMSE of abundances"),
        tuple(rows),
        f"{how} The truth was used for nothing else.",
    )


def _against(
    scene: UnmixingScene, agreed: Agreement, spread: NDArray[np.float64], library: SpectralLibrary
) -> Iterator[Section]:
    """Found spectra beside the true ones, each of length one."""
    if scene.truth_spectra is None:
        return
    from hypersigma.viz.spectra import spectra_figure

    spectra, _ = by_material(spread, library)
    drawn: dict[str, NDArray[np.floating]] = {}
    for index, material in enumerate(scene.materials[: _MOST_DRAWN // 2]):
        true, found = scene.truth_spectra[index], int(agreed.materials.found[index])
        drawn[f"{material}, true"] = _shape(true)
        drawn[f"{material}, found"] = np.full(len(true), np.nan) if found == NOT_FOUND else _shape(spectra[found])
    yield Figure(
        "Endmembers and truth",
        spectra_figure(scene.cube.wavelengths, drawn, pairs=True, units="of length one", title="Endmembers and truth"),
    )


def _shape(spectrum: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.sqrt(np.nansum(np.square(spectrum))))
    return spectrum / length if length > 0 else spectrum


def _spectra(title: str, library: SpectralLibrary, spectra: NDArray[np.float64]) -> Figure:
    from hypersigma.viz.spectra import spectra_figure

    shown = dict(zip(library.names[:_MOST_DRAWN], spectra, strict=False))
    left = len(library) - len(shown)
    return Figure(
        title,
        spectra_figure(
            None if library.numbered else library.wavelengths,
            shown,
            units="scene's numbers" if library.quantity == "unknown" else library.quantity,
            title=title,
        ),
        f"{left} more stand in {library.name}.csv." if left else f"They stand in {library.name}.sli and .csv.",
    )


def _members(library: SpectralLibrary) -> Iterator[Table]:
    """Which spectra are one material, where several are."""
    groups = library.groups or library.names
    names = dict.fromkeys(groups)
    if len(names) == len(library):
        return
    rows = []
    for name in names:
        members = [each for each, group in zip(library.names, groups, strict=True) if group == name]
        more = f" and {len(members) - _MOST_DRAWN} more" if len(members) > _MOST_DRAWN else ""
        rows.append((name, len(members), ", ".join(members[:_MOST_DRAWN]) + more))
    yield Table(
        "Spectra of each material",
        ("material", "spectra", "names"),
        tuple(rows),
        "The abundance of a material is the sum of those of its spectra.",
    )


def _matches(found: SpectralLibrary, spread: NDArray[np.float64], library: SpectralLibrary) -> Table:
    """The spectra of a library that are most like each endmember."""
    angles = spectral_angles(spread, library.spectra)
    rows = []
    for name, own in zip(found.names, angles, strict=True):
        order = np.argsort(np.nan_to_num(own, nan=np.inf))[:_NUM_MATCHES]
        rows.append((name, *(f"{library.names[index]} ({np.rad2deg(own[index]):.1f}°)" for index in order)))
    heads = ("endmember", *("best", "second", "third")[: min(_NUM_MATCHES, len(library))])
    return Table(
        f"Most alike in {library.name}",
        heads,
        tuple(rows),
        "With the angle between both spectra: brightness does not count. A large angle is no match.",
    )


def _evidence(counted: Counted) -> Table:
    """What the number of endmembers rests on."""
    moved = ["", *(f"{value:.2f}" for value in counted.moved)]
    kinds = (counted.hysime.evidence, counted.hfc.evidence)
    rows = tuple(
        (index + 1, f"{signal:.3g}", f"{virtual:.3g}", moved[index] if index < len(moved) else "")
        for index, (signal, virtual) in enumerate(zip(*(kind[:_MOST_EVIDENCE] for kind in kinds), strict=True))
    )
    return Table(
        "How many endmembers there are",
        ("number", "HySime", "NWHFC", "moved"),
        rows,
        "HySime and NWHFC: what a further direction tells beyond noise, and above 0 counts. Moved: how far so many "
        "endmembers move if they are sought in a tenth of the pixels, against the angle to the nearest other one; "
        f"below 0.5 they are found again. {counted.note}.",
    )


def _untold() -> Text:
    return Text(
        "What the figures say",
        "No truth was given, so nothing is measured but the residual: how well mixtures of the endmembers make the "
        "pixels. A small residual does not say that the endmembers are materials.",
    )
