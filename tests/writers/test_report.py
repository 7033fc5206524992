from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from hypersigma import canvas
from hypersigma.products import Figure, Table, Text
from hypersigma.writers import report_html, report_json
from tests.layers import class_layer, report, score_layer

VOID = {"meta", "img", "link", "br", "hr", "input"}


class Page(HTMLParser):
    """Checks that tags are closed in order, and collects text and addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.sources: list[str] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs) -> None:
        self.sources += [value for name, value in attrs if name in ("src", "href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.text += data


def test_json_has_the_agreed_keys_and_plain_values(tmp_path: Path) -> None:
    settings = {"path": Path("a/b"), "list": (np.int64(1), np.float32(0.5)), "set": {"x"}, "array": np.arange(2)}
    path = report_json.write(
        report(settings=settings, metrics={"oa": 0.5, "aa": float("nan")}, layers=("map",)), tmp_path / "report.json"
    )
    assert json.loads(path.read_text()) == {
        "task": "classification",
        "scene": "scene.hdr",
        "settings": {"path": "a/b", "list": [1, 0.5], "set": ["x"], "array": [0, 1]},
        "seed": 0,
        "seconds": 0.0,
        "peak_memory_mb": 0.0,
        "metrics": {"oa": 0.5, "aa": None},
        "layers": ["map"],
    }


def test_the_page_is_well_formed_self_contained_and_escaped(tmp_path: Path) -> None:
    evil = "<script>alert('x')</script>"
    sections = [
        Table(evil, ("class", "recall"), ((evil, 0.5), ("b", float("nan"))), note=evil),
        Figure(evil, canvas.png_bytes(canvas.new_figure(1, 1)), note=evil),
        Text(evil, f"first\n\n{evil}"),
    ]
    made = report(scene=evil, notes=[evil], sections=sections, settings={"a": evil}, metrics={evil: 1.0})
    layers = [class_layer(description=evil), score_layer()]
    page = report_html.write(made, layers, tmp_path / "report.html").read_text()
    assert "<script" not in page
    parsed = Page(page)
    assert parsed.text.count(evil) >= 9
    assert all(re.match(r"data:image/png;base64,|(map|confidence)\.tif$", source) for source in parsed.sources)
    assert "default-src 'none'" in page
    assert "$" not in parsed.text


def test_figures_are_named_rounded_and_carry_their_doubt() -> None:
    metrics = {"oa": 0.8834, "oa_low": 0.87, "oa_high": 0.8951, "oa_std": 0.004, "oa_large_fields": 0.5}
    text = Page(report_html.render(report(metrics={**metrics, "kappa": 0.8567, "ece": float("nan")}), [])).text
    assert "Overall accuracy88.3 %± 0.4 %, 87.0 to 89.5 %" in text
    assert "Overall accuracy, large fields50.0 %" in text
    assert "Cohen's kappa0.857" in text
    assert "Calibration error–" in text


def test_counts_have_no_decimals_and_small_numbers_keep_their_digits() -> None:
    metrics = {"found": 3.0, "none": 0.0, "auc": 1.0, "deviation": -0.00012345, "ratio": 3.3333}
    text = Page(report_html.render(report(metrics=metrics), [])).text
    for shown in ("found3", "none0", "1.000", "deviation-0.000123", "ratio3.333"):
        assert shown in text


def test_many_figures_go_on_in_a_table() -> None:
    metrics = {f"figure_{index}": float(index * 500) for index in range(12)}
    text = Page(report_html.render(report(metrics=metrics), [])).text
    assert "Further figures" in text
    assert "figure_115500" in text


def test_an_empty_report_is_a_page() -> None:
    text = Page(report_html.render(report(), [])).text
    assert "Classification" in text
    assert "epochs: 3" in text
