"""The index page: what ran, key numbers, and a door to every result."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from markupsafe import Markup

from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.words import SOURCES, badge_of, versions_of


def index_page(
    *,
    folder: Path,
    quality: dict[str, Any],
    split: dict[str, Any],
    metrics: dict[str, Any],
    detection: dict[str, Any] | None,
    files: list[str],
    overlays: list[str],
) -> str:
    """Return the page; links are relative to *folder*."""
    facts = {"Protocol": split["protocol"], "Seed": split["seed"]}
    for name, fact in metrics["parts"]["test"]["metrics"].items():
        facts[name] = f"{fact['value']:.3f}"
    if detection:
        facts["Detection"] = "measured"
    items = [
        Markup('<li><a href="{0}">{0}</a></li>').format(
            Path(os.path.relpath(path, folder)).as_posix()
        )
        for path in [*files, *overlays]
    ]
    return render_page(
        title="Results",
        subtitle=f"From {SOURCES[quality['source']]} to an evaluated classifier.",
        sections=[Section("Results", Markup("<ul>{}</ul>").format(Markup("").join(items)))],
        plotly=False,
        badge=badge_of(quality["source"]),
        facts=facts,
        versions=versions_of(("numpy", "polars", "plotly")),
    )
