"""Colours for classes that come without any: distinct, and told apart with colour-blind eyes as far as can be."""

from __future__ import annotations

import colorsys

from hypersigma.products import Color, Legend

# Eight colours of Okabe and Ito (2008), made for colour-blind readers; black is left out, as it is "no class".
_FIRST: tuple[Color, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
    (240, 228, 66),
)
_GOLDEN_ANGLE = 0.381966  # of a full turn: successive hues never come near one another


def palette(num_colors: int) -> tuple[Color, ...]:
    """Distinct colours: seven for any eyes, then hues in golden steps of changing lightness."""
    colors = list(_FIRST[:num_colors])
    for index in range(num_colors - len(colors)):
        hue = (0.05 + _GOLDEN_ANGLE * index) % 1.0
        lightness = (0.30, 0.72, 0.50)[index % 3]
        red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.75)
        colors.append((round(255 * red), round(255 * green), round(255 * blue)))
    return tuple(colors)


def default_legend(names: tuple[str, ...]) -> Legend:
    """A legend of these class names with colours of the palette."""
    return Legend(names, palette(len(names)))
