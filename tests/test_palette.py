"""Colours for classes are distinct, however many."""

from hypersigma.palette import default_legend, palette


def test_colours_are_distinct_and_in_range():
    colors = palette(40)
    assert len(set(colors)) == 40
    assert all(0 <= part <= 255 for color in colors for part in color)
    assert palette(3) == colors[:3]
    assert default_legend(("a", "b")).colors == colors[:2]
