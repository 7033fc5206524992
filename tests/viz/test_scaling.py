"""The picture of scaling."""

from __future__ import annotations

from io import BytesIO

import pytest
from matplotlib.axes import Axes
from matplotlib.image import imread

from hypersigma.viz.scaling import Measured, scaling_picture


@pytest.mark.parametrize(
    ("patches", "x_label", "lines"),
    [
        ((100, 1000), "distinct patches of the corpus", 4),
        ((100, 100), "images seen", 4),
        ((None, None), "images seen", 4),
    ],
)
def test_networks_alike_in_all_else_are_joined(
    patches: tuple[int | None, int | None], x_label: str, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, labels = [], []
    plain_bar, plain_label = Axes.errorbar, Axes.set_xlabel

    def bar(axes, places, *rest, **about):
        drawn.append(list(places))
        return plain_bar(axes, places, *rest, **about)

    def label(axes, text, **about):
        labels.append(text)
        return plain_label(axes, text, **about)

    monkeypatch.setattr(Axes, "errorbar", bar)
    monkeypatch.setattr(Axes, "set_xlabel", label)
    own = [
        Measured(size, images, known, 0.5, 0.1)
        for size in (20, 10)
        for images, known in zip((4, 8), patches, strict=True)
    ]
    picture = scaling_picture({"toy, random, 10 labels, linear probe": own})
    assert labels == ["parameters", x_label]
    assert len(drawn) == lines
    assert drawn[:2] == [[10, 20], [10, 20]]
    assert all(len(places) == 2 for places in drawn)
    assert min(imread(BytesIO(picture), format="png").shape[:2]) > 100


def test_what_is_not_known_is_not_drawn() -> None:
    assert scaling_picture({"one": [Measured(10, None, None, 0.5, 0.0)]}).startswith(b"\x89PNG")
