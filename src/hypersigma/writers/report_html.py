"""report.html: the answer on the first screen, everything behind it below, in one file without outside requests."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from html import escape
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from string import Template
from urllib.parse import quote

import yaml

from hypersigma.products import Figure, Layer, Report, Section, Table, Text
from hypersigma.writers import png
from hypersigma.writers._atomic import replaced_file
from hypersigma.writers.report_json import plain

_FIRST_FIGURES = 8  # what fits above the pictures
# Short name -> what a person reads, and whether it reads best in per cent.
_METRICS = {
    "oa": ("Overall accuracy", True),
    "aa": ("Average accuracy", True),
    "kappa": ("Cohen's kappa", False),
    "f1": ("Macro F1", True),
    "f1_changed": ("F1 of changed pixels", True),
    "precision": ("Mapped changes that are right", True),
    "recall": ("Changes that are mapped", True),
    "iou_changed": ("Overlap of changed pixels", True),
    "changed_share": ("Share that changed", True),
    "changed_ha": ("Hectares that changed", False),
    "changes": ("Connected changes", False),
    "ece": ("Calibration error", True),
    "auc": ("Area under ROC", False),
    "auc_pf_tau": ("Height of the background", False),
    "auc_pd_tau": ("Height of targets", False),
    "auc_overall": ("Overall area", False),
    "auc_snr": ("Targets over background", False),
    "ap": ("Average precision", False),
    "pd_at_1e-2": ("Detected at 1 % false alarms", True),
    "pd_at_1e-3": ("Detected at 0.1 % false alarms", True),
    "pd_at_1e-4": ("Detected at 0.01 % false alarms", True),
    "object_precision": ("Objects that are right", True),
    "object_recall": ("Objects that are found", True),
    "object_f1": ("F1 of objects", True),
    "sad": ("Spectral angle (rad)", False),
    "rmse": ("Root mean square error", False),
    "mpsnr": ("Mean PSNR (dB)", False),
    "mssim": ("Mean SSIM", False),
    "sam": ("Spectral angle mapper", False),
    "ergas": ("ERGAS", False),
    "q2n": ("Hypercomplex quality (Q2n)", False),
}


def write(report: Report, layers: Sequence[Layer], path: Path) -> Path:
    """Write a report as one self-contained HTML file, layers as pictures inside, and return the path.

    Raises:
        OutputError: the file cannot be written.
    """
    page = render(report, layers)
    with replaced_file(path) as partial:
        partial.write_text(page, encoding="utf-8")
    return path


def render(report: Report, layers: Sequence[Layer]) -> str:
    """The page; every text in it is escaped, whoever wrote it."""
    template = resources.files("hypersigma.writers").joinpath("report_template.html").read_text(encoding="utf-8")
    return Template(template).substitute(
        title=escape(report.task.replace("_", " ").capitalize()),
        scene=escape(report.scene),
        figures=_figures(report.metrics),
        notes=_notes(report.notes),
        layers=_layers(layers),
        sections="\n".join(_section(section) for section in report.sections),
        settings=escape(yaml.safe_dump(plain(report.settings), sort_keys=False, allow_unicode=True)),
        footer=escape(_footer(report)),
    )


def _figures(metrics: dict[str, float]) -> str:
    """The key figures as tiles; `x_std` and `x_low` to `x_high` (its interval) stand as the doubt beneath `x`."""
    bounds = ("_low", "_high", "_std")
    names = [name for name in metrics if not (name.endswith(bounds) and name.rsplit("_", 1)[0] in metrics)]
    tiles = []
    for name in names[:_FIRST_FIGURES]:
        label, percent = _reading(name)
        doubt = f"<small>{escape(_doubt(name, metrics, percent))}</small>"
        tiles.append(f"<div><dt>{escape(label)}</dt><dd>{_number(metrics[name], percent)}{doubt}</dd></div>")
    page = f'<dl class="figures">{"".join(tiles)}</dl>' if tiles else ""
    rest = [(name, metrics[name]) for name in names[_FIRST_FIGURES:]]
    return page + (_table(Table("Further figures", ("figure", "value"), tuple(rest))) if rest else "")


def _reading(name: str) -> tuple[str, bool]:
    """What a person reads for a metric, and whether in per cent: `oa_fields` is "Overall accuracy, fields"."""
    short, _, qualifier = name.partition("_")
    if name in _METRICS or short not in _METRICS:
        return _METRICS.get(name, (name.replace("_", " "), False))
    label, percent = _METRICS[short]
    return f"{label}, {qualifier.replace('_', ' ')}", percent


def _doubt(name: str, metrics: dict[str, float], percent: bool) -> str:
    low, high, spread = (metrics.get(f"{name}_{end}") for end in ("low", "high", "std"))
    parts = []
    if spread is not None:
        parts.append(f"± {_number(spread, percent)}")
    if low is not None and high is not None:
        parts.append(f"{_number(low, percent).removesuffix(' %')} to {_number(high, percent)}")
    return ", ".join(parts)


def _number(value: float, percent: bool = False) -> str:
    """A number for a person: three decimals, or one in per cent; "–" where there is none.

    Counts have no decimals, and of what is small three digits are shown.
    """
    if not math.isfinite(value):
        return "–"
    if percent:
        return f"{100 * value:.1f} %"
    if abs(value) >= 1000 or (abs(value) != 1 and value == round(value)):
        return f"{value:.0f}"
    return f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.3g}"


def _notes(notes: Sequence[str]) -> str:
    items = "".join(f"<li>{escape(note)}</li>" for note in notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def _layers(layers: Sequence[Layer]) -> str:
    """Each layer as a picture over its description and a link to its file."""
    cards = []
    for layer in layers:
        link = f'<a href="{quote(layer.name)}.tif">{escape(layer.name)}.tif</a>'
        caption = f"{escape(layer.description)} {link}".strip()
        image = _image(png.draw(layer), layer.description or layer.name)
        cards.append(f'<figure>{image}<figcaption class="small">{caption}</figcaption></figure>')
    return f'<div class="layers">{"".join(cards)}</div>' if cards else ""


def _image(picture: bytes, alternative: str) -> str:
    data = base64.b64encode(picture).decode("ascii")
    return f'<img alt="{escape(alternative)}" src="data:image/png;base64,{data}">'


def _section(section: Section) -> str:
    """A table, figure or paragraph under its title."""
    if isinstance(section, Table):
        return _table(section)
    if isinstance(section, Figure):
        # The title stands inside our own pictures; a heading keeps the page readable without them.
        return f"<h2>{escape(section.title)}</h2>{_image(section.png, section.title)}{_note(section.note)}"
    return _text(section)


def _text(section: Text) -> str:
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in section.body.split("\n\n"))
    return f"<h2>{escape(section.title)}</h2>{paragraphs}"


def _table(table: Table) -> str:
    # Numbers are compared down a column, so they stand right.
    numeric = [all(isinstance(row[index], int | float) for row in table.rows) for index in range(len(table.columns))]
    head = "".join(_cell("th", name, number) for name, number in zip(table.columns, numeric, strict=True))
    rows = "".join(
        "<tr>" + "".join(_cell("td", value, number) for value, number in zip(row, numeric, strict=True)) + "</tr>"
        for row in table.rows
    )
    body = f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    return f"<h2>{escape(table.title)}</h2>{body}{_note(table.note)}"


def _cell(tag: str, value: str | float | int, number: bool) -> str:
    text = _number(value) if isinstance(value, float) else str(value)
    kind = ' class="number"' if number else ""
    return f"<{tag}{kind}>{escape(text)}</{tag}>"


def _note(note: str) -> str:
    return f'<p class="small">{escape(note)}</p>' if note else ""


def _footer(report: Report) -> str:
    return (
        f"hypersigma {version('hypersigma')} · seed {report.seed} · {report.seconds:.1f} s · "
        f"{report.peak_memory_mb:.0f} MB above what was in use before"
    )
