"""Results on disk: layers, objects and spectra as files of a format each, and the folder that holds a whole result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypersigma.products import Layer, Objects, Report, SpectralLibrary
from hypersigma.writers import geojson, geotiff, library, png, report_html, report_json
from hypersigma.writers._atomic import CARD_FILE, REPORT_FILE, check_output, replaced_file, replaced_folder

__all__ = ["CARD_FILE", "check_output", "replaced_file", "replaced_folder", "save", "write_result"]


def save(layers: Sequence[Layer], report: Report, folder: Path, *, overwrite: bool = False) -> Path:
    """Write a result into a folder that appears whole or not at all, and return the folder.

    To put more into it (a model), open the folder with `replaced_folder` and call `write_result`.

    Args:
        layers: become `<layer>.tif` and `<layer>.png`.
        report: becomes `report.html` and `report.json`; its `layers` are set to those written.
        folder: where to; made with its parents.
        overwrite: replace an earlier result.

    Raises:
        OutputError: the folder holds something (see `check_output`), or the disk refuses.
    """
    with replaced_folder(folder, overwrite=overwrite) as place:
        write_result(layers, report, place)
    return folder


def write_result(
    layers: Sequence[Layer],
    report: Report,
    folder: Path,
    objects: Sequence[Objects] = (),
    libraries: Sequence[SpectralLibrary] = (),
) -> None:
    """Write layers, pictures, objects (`<name>.geojson`), libraries (`.sli`, `.csv`) and report into a folder."""
    report = replace(report, layers=tuple(layer.name for layer in layers))
    for layer in layers:
        geotiff.write(layer, folder / f"{layer.name}.tif")
        png.write(layer, folder / f"{layer.name}.png")
    for found in objects:
        geojson.write(found, folder / f"{found.name}.geojson")
    for spectra in libraries:
        library.write(spectra, folder / spectra.name)
    report_html.write(report, layers, folder / "report.html")
    # The last file: a folder that has it is a whole result.
    report_json.write(report, folder / REPORT_FILE)
