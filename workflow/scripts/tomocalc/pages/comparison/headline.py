"""What the comparison says first: whether recalling alone does well, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from tomocalc.comparison.catalogue import RESAMPLED
from tomocalc.pages.comparison.tables import Rows
from tomocalc.pages.merits import row_limits
from tomocalc.pages.parts import Card, cards, note, verdict
from tomocalc.pages.words import PROTOCOL_NAMES

PROBE = "nearest_neighbour"
FALL = 0.1
"""Fall of average precision from which on the paper's protocol is said to reward recall."""
CEILING = 0.99
"""Average precision from which on there is no room for a difference."""


def headline(measured: Mapping[str, Rows], source: str) -> list[Markup | str]:
    """Return what recalling alone achieves, the verdict on it, and what limits the intervals."""
    items, probe = [], {}
    for name, rows in measured.items():
        by_key = {row["model"]: row for row in rows}
        if PROBE in by_key:
            row = probe[name] = by_key[PROBE]
            items.append(
                Card(
                    f"1-nearest neighbour, {PROTOCOL_NAMES[name]}",
                    f"{row['average_precision']:.3f}",
                    f"average precision; accuracy {row['accuracy']:.3f}, AUROC {row['auroc']:.3f}",
                )
            )
    body: list[Markup | str] = [cards(items)] if items else []
    if not measured or not all(measured.values()):
        body.append(note("A test part lacks a class, so nothing is measured there.", tone="bad"))
    if {"paper", "honest"} <= set(probe):
        before, after = (probe[name]["average_precision"] for name in ("paper", "honest"))
        good, title = _probed(before, after)
        body.append(
            verdict(
                good=good,
                title=title,
                reasons=[
                    "A 1-nearest neighbour only recalls the rows it was given. Under the paper's "
                    f"protocol its average precision is {before:.3f}, under the honest one "
                    f"{after:.3f}.",
                    "Figures of the paper's protocol are for comparison with publications; only "
                    "the honest ones say how well a model does on new patients.",
                    "The two test parts have different shares of calcifications; the leakage audit "
                    "compares them at the same share.",
                ],
            )
        )
    rows = [row for part in measured.values() for row in part]
    return [*body, *(note(text, tone="warn") for text in row_limits(rows, RESAMPLED, source))]


def _probed(before: float, after: float) -> tuple[bool | None, str]:
    """Return the verdict on a model that only recalls, under the paper's and the honest protocol.

    Where it is perfect under both there is no room for one to be better.
    """
    if min(before, after) >= CEILING:
        both = f"both at {before:.3f}"
        if f"{before:.3f}" != f"{after:.3f}":
            both = f"{before:.3f} and {after:.3f}"
        return None, f"Take care: what learning by heart gains cannot be told here, {both}"
    if after < before - FALL:
        return False, "Leaks: the paper's protocol rewards learning by heart"
    return True, "Clean: learning by heart gains little here"
