"""The index page: what ran, key numbers with intervals, and a door to every result."""

import base64
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from PIL import Image

from tomocalc.accounts.detection import Detection
from tomocalc.accounts.leakage import LeakageAccount, SplitAccount
from tomocalc.accounts.metrics import MetricsAccount, Part
from tomocalc.accounts.quality import QualityAccount
from tomocalc.comparison.catalogue import NAMES, RESAMPLED
from tomocalc.pages.audit_files import grounds_of
from tomocalc.pages.catalogue import ON_REQUEST, Entry, entry_of, navigation
from tomocalc.pages.frame import render_page
from tomocalc.pages.levels import LEVEL_COLUMNS, level_notes, levels, missing_levels
from tomocalc.pages.merits import (
    CARDS,
    counted_groups,
    figure_card,
    figure_of,
    interval,
    interval_limits,
    row_limits,
)
from tomocalc.pages.parts import Cell, doubt_table
from tomocalc.pages.words import BADGES, PARTS, RULINGS, audit_of, cohort

PICTURES = 4
"""Pictures shown; the others are linked by name."""
SAID_REASONS = 2
"""Reasons of a protocol's verdict that are told; the audit has the others."""

PROTOCOL_ORDER = ("honest", "paper", "own")
PROTOCOL_FIGURES = (*RESAMPLED, "accuracy")
PROBE = "nearest_neighbour"
"""A model that only recalls rows, by its key in the comparison."""
SAID = {
    "lstm": "LSTM",
    "trees": "trees over depth",
    "average": "average of LSTM and trees",
    PROBE: "1-nearest neighbour",
}
"""What can be released, and the probe, in a sentence."""

NEEDED = {"volumes": ("phantom", "volumes", "inserted"), "insertion": ("volumes", "inserted")}
"""Sources of a run that can make a page on request, by what the page needs."""

THUMBNAIL_PX = 440
"""Longer side of a small picture."""


def index_page(
    *,
    folder: Path,
    quality: QualityAccount,
    split: SplitAccount,
    metrics: MetricsAccount,
    detection: Detection | None,
    audit: LeakageAccount | None,
    comparison: Sequence[Mapping[str, Any]],
    files: Sequence[str],
    overlays: Sequence[str],
) -> str:
    """Return the page.

    Parameters
    ----------
    folder
        Of the page; links are relative to it.
    quality, split, metrics, detection, audit
        Accounts of the data, the split, the evaluation, the search for candidates and the audit.
    comparison
        Rows of ``comparison.parquet``.
    files
        Pages and data to link to.
    overlays
        Pictures of quality control, PNG.
    """
    entries = [entry_of(_address(path, folder)) for path in files]
    data = [(entry, path) for entry, path in zip(entries, files, strict=True) if not entry.is_page]
    pages = [entry for entry in entries if entry.is_page]
    test, source = metrics.test, quality.source
    judged = audit_of(split, audit)
    shown, others = _pictures(overlays, folder)
    shown_figures = _figures(test) if test.metrics else {}
    said = shown_figures.get("limits", [])
    pictures_of = {one["name"]: one["address"] for one in (*shown, *others)}
    return render_page(
        "index",
        interval=interval,
        badge=BADGES.get(source),
        links=navigation("index.html", [entry.address for entry in pages]),
        packages=("numpy", "polars", "plotly"),
        quality=quality,
        split=split,
        metrics=metrics,
        released=NAMES[metrics.released],
        test=test,
        audit=audit,
        detection=detection,
        from_images=source != "table",
        measured=bool(test.metrics),
        **shown_figures,
        ruling=RULINGS[judged.verdict],
        reasons=grounds_of(judged),
        doubt_table=doubt_table(quality.doubts, pictures_of) if quality.doubts else None,
        cohort=cohort,
        levels=[one.row() for one in levels(metrics)],
        level_columns=LEVEL_COLUMNS,
        level_notes=level_notes(metrics),
        missing_levels=missing_levels(metrics),
        SAID_REASONS=SAID_REASONS,
        protocols=_protocols(comparison, audit, source, metrics.released, said) if audit else None,
        pages=pages,
        pictures=shown,
        other_pictures=others,
        parts=[
            (PARTS[name], part)
            for name in ("train", "validation", "test")
            if (part := split.parts[name]).rows
        ],
        requests=[
            one
            for one in ON_REQUEST
            if one not in pages and source in NEEDED.get(one.needs, (source,))
        ],
        files=[_file(entry, path) for entry, path in data],
    )


def _figures(test: Part) -> dict[str, Any]:
    figures = test.metrics
    return {
        "key_figures": [figure_card(name, figures[name]) for name in CARDS if name in figures],
        "groups": counted_groups(test.groups, test.unit),
        "limits": interval_limits(test, CARDS),
    }


def _protocols(
    rows: Sequence[Mapping[str, Any]],
    audit: LeakageAccount,
    source: str,
    released: str,
    said: Sequence[str],
) -> dict[str, Any]:
    """Return the kind of model that is *released* under every protocol, side by side.

    *said* are limits of figures that stand on the page already.
    """
    names = [name for name in PROTOCOL_ORDER if name in audit.protocols]
    found = {(row["protocol"], row["model"]): row for row in rows if row["auroc"] is not None}
    sides = [
        {
            "name": name,
            "ruling": RULINGS[audit.protocols[name].verdict],
            "reasons": grounds_of(audit.protocols[name]),
            "test": audit.protocols[name].parts["test"],
            "figures": [
                (key, figure_of(found[name, released], key))
                for key in PROTOCOL_FIGURES
                if (name, released) in found
            ],
        }
        for name in names
    ]
    gaps = audit.gaps
    found_there = gaps.protocols.get("paper", {}) if gaps.reference != "paper" else {}
    shown = [found[name, released] for name in names if (name, released) in found]
    return {
        "sides": sides,
        "limits": [text for text in row_limits(shown, RESAMPLED, source) if text not in said],
        "worth": [
            (said, (found_there[model].gap or {})["average_precision"])
            for model, said in ((key, SAID[key]) for key in (released, PROBE))
            if model in found_there
        ],
    }


def _pictures(overlays: Sequence[str], folder: Path) -> tuple[list[dict[str, str]], ...]:
    """Return pictures spread over all volumes, so that not the first patient alone is seen."""
    step = max(1, -(-len(overlays) // PICTURES))
    shown = overlays[::step][:PICTURES]
    linked = {
        path: {"address": quote(_address(path, folder)), "name": Path(path).stem}
        for path in overlays
    }
    small = [linked[path] | {"image": thumbnail(path)} for path in shown]
    return small, [linked[path] for path in overlays if path not in shown]


def _file(entry: Entry, path: str) -> list[Any]:
    link = Markup('<a href="{}">{}</a>').format(quote(entry.address), entry.title)
    size = Path(path).stat().st_size
    return [
        Cell(link, entry.title),
        entry.sentence,
        Cell(entry.address, entry.address),
        Cell(_size(size), size),
    ]


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:,.0f} kB" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


def _address(path: str, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def thumbnail(path: str | Path) -> str:
    """Return a small copy of a picture as a ``data:`` address."""
    with Image.open(path) as picture:
        small = picture.convert("RGB")
        small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=82, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
