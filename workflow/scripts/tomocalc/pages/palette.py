"""Colours of charts and pages: the Okabe-Ito set, which colour-blind readers can tell apart.

Figures are written in the light colours; `DARK_OF` tells the page's script which colour takes a
light one's place on a dark background. Every colour has a contrast of at least 3:1 on its own
background (WCAG 2.2, graphical objects). Source: Okabe and Ito, Color Universal Design, 2008.
"""

INK = "#1c2830"
MUTED = "#55636f"
LINE = "#dcdad2"
SURFACE = "#fefefd"

NEGATIVE = "#0072b2"
POSITIVE = "#d45500"
ALL = "#5d6b76"
GREEN = "#00805f"
PURPLE = "#a8508a"
AMBER = "#a87400"

SERIES = (NEGATIVE, POSITIVE, GREEN, PURPLE, AMBER, ALL)
"""Colours of unnamed series, in order."""

SEQUENTIAL = ("#eef4f5", "#bfdde0", "#82bcc4", "#46949f", "#1d6b79", "#0d4553", "#06242e")
"""From few to many: the lightest is next to the background."""

SEQUENTIAL_DARK = ("#1e2a31", "#1f4650", "#236876", "#3a8f9c", "#6cb6c0", "#a9d9de", "#ebf8f9")

WARM = ("#fbf0e7", "#f6d3b8", "#eda878", "#dd7a3b", "#b9530f", "#853806", "#511f01")
"""From few to many, for shares of calcifications."""

WARM_DARK = ("#2c241e", "#56341d", "#86491c", "#b9641f", "#e18b46", "#f4ba8b", "#fdeadb")

DIVERGING = ("#004e7c", "#2f86bd", "#9cc9e3", "#f4f3ef", "#f5bd97", "#d9692a", "#8f3500")
"""From -1 through 0 to 1."""

DIVERGING_DARK = ("#7cc4f0", "#3c8fc4", "#26506d", "#242c32", "#6e3f22", "#c0632b", "#ffac74")

DARK_OF = {
    INK: "#e9eef1",
    MUTED: "#a9b6c0",
    LINE: "#35424b",
    SURFACE: "#192127",
    NEGATIVE: "#56b4e9",
    POSITIVE: "#f58a3c",
    ALL: "#9fb0bc",
    GREEN: "#3cc79b",
    PURPLE: "#dd92c2",
    AMBER: "#e5b13c",
    **dict(zip(SEQUENTIAL, SEQUENTIAL_DARK, strict=True)),
    **dict(zip(WARM, WARM_DARK, strict=True)),
    **dict(zip(DIVERGING, DIVERGING_DARK, strict=True)),
}
"""Colour on a dark page, by colour on a light one."""


def scale(colours: tuple[str, ...]) -> list[list[float | str]]:
    """Return a plotly colour scale of evenly spaced *colours*."""
    return [[i / (len(colours) - 1), colour] for i, colour in enumerate(colours)]
