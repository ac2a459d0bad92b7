"""The index page: what ran, key numbers with intervals, and a door to every result."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from tomocalc.accounts.doubts import DoubtCount
from tomocalc.pages.catalogue import ON_REQUEST, Entry, entry_of, navigation
from tomocalc.pages.levels import COLUMNS, level_notes, levels, missing_levels
from tomocalc.pages.merits import CARDS, counted_groups, figure_card, interval_limits
from tomocalc.pages.parts import (
    Cell,
    Column,
    block,
    cards,
    doubt_count_note,
    note,
    table,
    thumbnail,
    verdict,
)
from tomocalc.pages.protocols import protocol_section
from tomocalc.pages.search import search_rules, search_section
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.templating import fill
from tomocalc.pages.words import (
    NOTHING_SHARED,
    PROTOCOLS,
    RULINGS,
    SOURCES,
    badge_of,
    cohort,
    counted,
    plural,
    ruling_of,
    share,
    versions_of,
)

PICTURES = 12
"""Pictures shown; the others are linked by name."""


def index_page(
    *,
    folder: Path,
    quality: dict[str, Any],
    split: dict[str, Any],
    metrics: dict[str, Any],
    detection: dict[str, Any] | None,
    audit: dict[str, Any] | None,
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
    source = quality["source"]
    data = [(entry, path) for entry, path in zip(entries, files, strict=True) if not entry.is_page]
    sections = [
        Section("Result", _result(quality, split, metrics, audit), key="result"),
        *([protocol_section(comparison, audit, source)] if audit else []),
        Section(
            "Look at it", fill("doors", entries=[e for e in entries if e.is_page]), key="pages"
        ),
        *([_gallery(overlays, folder)] if overlays else []),
        *([_search(detection)] if detection else []),
        Section("What ran", fill("flow", steps=_steps(quality, split)), key="run"),
        *_requests(entries, source),
        Section("Work with it", _files(data), key="files"),
    ]
    return render_page(
        title="Results",
        subtitle=f"From {SOURCES[source]} to an evaluated classifier of microcalcifications.",
        sections=sections,
        badge=badge_of(source),
        links=navigation("index.html", [entry.address for entry in entries]),
        facts=_facts(quality, split),
        versions=versions_of(("numpy", "polars", "plotly")),
    )


def _facts(quality: dict[str, Any], split: dict[str, Any]) -> dict[str, str]:
    facts = {}
    if _has_volumes(quality):
        facts = {key.capitalize(): counted(quality, key) for key in ("volumes", "patients")}
    return facts | {
        "Candidates": f"{quality['candidates']:,}",
        "Calcifications": f"{quality['positives']:,}",
        "Prevalence": share(quality["prevalence"]),
        "Protocol": split["protocol"],
        "Seed": str(split["seed"]),
    }


def _has_volumes(quality: dict[str, Any]) -> bool:
    return quality["source"] != "table"


def _result(
    quality: dict[str, Any],
    split: dict[str, Any],
    metrics: dict[str, Any],
    audit: dict[str, Any] | None,
) -> list[Markup | str]:
    test = metrics["parts"]["test"]
    figures = test.get("metrics", {})
    body: list[Markup | str] = []
    if figures:
        shown = [figure_card(name, figures[name]) for name in CARDS if name in figures]
        confidence = 100 * metrics.get("confidence", 0.95)
        said = (
            f"Of single candidates, on the test part: {plural(test['positives'], 'calcification')} "
            f"among {test['n']:,} rows of {counted_groups(test['groups'], test['unit'])}, with "
            f"{confidence:g} % intervals."
        )
        limits = interval_limits(test, CARDS)
        body += [cards(shown), _fine(said), *(note(text, tone="warn") for text in limits)]
    else:
        body.append(note("The test part lacks a class, so nothing could be measured.", tone="bad"))
    body += [_ruling(split, audit), *_left_out(quality), *_levels(metrics)]
    return body


def _ruling(split: dict[str, Any], audit: dict[str, Any] | None) -> Markup:
    """Return the verdict on the run's own protocol, the audit's where there is one."""
    level, reasons = ruling_of(split, audit)
    said = RULINGS[level]
    return verdict(good=said.good, title=said.title, reasons=reasons or [NOTHING_SHARED])


def _levels(metrics: dict[str, Any]) -> list[Markup]:
    rows = [level.row() for level in levels(metrics)]
    parts = []
    if len(rows) > 1:
        written = table(
            columns=[Column(COLUMNS[0], "text"), *(Column(name) for name in COLUMNS[1:])],
            rows=rows,
            caption="From the single candidate to the patient, on the test part",
            sortable=False,
            note=" ".join(level_notes(metrics)),
        )
        parts.append(block([written], kind="panel"))
    return [*parts, *(_fine(reason) for reason in missing_levels(metrics))]


def _fine(text: str) -> Markup:
    return Markup('<p class="fine after">{}</p>').format(text)


def _search(detection: dict[str, Any]) -> Section:
    rules = search_rules(detection)
    title = "Search for candidates"
    return Section(title, search_section(detection), intro=rules, key="detection")


def _requests(entries: Sequence[Entry], source: str) -> list[Section]:
    """Return the pages that are not there, with the command that makes each."""
    there = {entry.address for entry in entries}
    missing = [
        one
        for one in ON_REQUEST
        if one.address not in there and (source != "table" or not one.needs)
    ]
    if not missing:
        return []
    rows = [[one.title, one.sentence, _command(one.command)] for one in missing]
    columns = [Column(name, "text") for name in ("Page", "What it is", "Command")]
    written = table(
        columns=columns, rows=rows, caption="Pages on request, and what makes them", sortable=False
    )
    return [
        Section(
            "On request",
            block([written], kind="panel requests"),
            intro="With the configuration of this run; FOLDER is the folder of this page. What is "
            "made is linked here when the run is repeated.",
            key="requests",
        )
    ]


def _command(target: str) -> Markup:
    """Return the command of a page, which may be broken after a slash."""
    return Markup("<code>snakemake {}</code>").format(Markup("/<wbr>").join(target.split("/")))


def _steps(quality: dict[str, Any], split: dict[str, Any]) -> list[tuple[str, str]]:
    steps = []
    if _has_volumes(quality):
        slices = f"{quality['slices']['total']:,} slices" if "slices" in quality else ""
        steps.append((cohort(quality), slices))
    else:
        steps.append(("A feature table", plural(quality["rows"], "row")))
    removed = sum(item["rows"] for item in quality["removed"])
    steps.append(
        (
            plural(quality["candidates"], "candidate"),
            f"{quality['positives']:,} are calcifications; {removed:,} removed",
        )
    )
    sizes = [
        f"{part['rows']:,} {name}"
        for name in ("train", "validation", "test")
        if (part := split["parts"].get(name)) and part["rows"]
    ]
    steps.append((f"Split, seed {split['seed']}", ", ".join(sizes)))
    steps.append((f"Protocol {split['protocol']}", PROTOCOLS[split["protocol"]].split(": ", 1)[1]))
    return steps


def _left_out(quality: dict[str, Any]) -> list[Markup]:
    """Say what is doubtful about the volumes, and what of them is not in the results."""
    counts = msgspec.convert(quality["doubts"], tuple[DoubtCount, ...])
    return [doubt_count_note(count) for count in counts]


def _gallery(overlays: Sequence[str], folder: Path) -> Section:
    # spread over all, so that the first patient is not the only one seen
    step = max(1, -(-len(overlays) // PICTURES))
    shown = overlays[::step][:PICTURES]
    pictures = [
        {"address": _link(path, folder), "name": Path(path).stem, "image": thumbnail(path)}
        for path in shown
    ]
    rest = [
        {"address": _link(path, folder), "name": Path(path).stem}
        for path in overlays
        if path not in shown
    ]
    return Section(
        "Quality control",
        fill("gallery", pictures=pictures, rest=rest),
        intro="Every volume with its candidates marked; a picture opens at full size.",
        key="pictures",
    )


def _files(data: Sequence[tuple[Entry, str]]) -> Markup:
    link = Markup('<a href="{}">{}</a>')
    rows = [
        [
            Cell(link.format(quote(entry.address), entry.title), entry.title),
            entry.sentence,
            Cell(entry.address, entry.address),
            Cell(_size(size := Path(path).stat().st_size), size),
        ]
        for entry, path in data
    ]
    columns = [
        Column("Data", "text"),
        Column("What it is", "text"),
        Column("File", "text"),
        Column("Size"),
    ]
    written = table(columns=columns, rows=rows, caption="Files of this run, relative to this page")
    return block([written], kind="panel")


def _size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:,.0f} kB" if size < 1_000_000 else f"{size / 1e6:,.1f} MB"


def _address(path: str, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _link(path: str, folder: Path) -> str:
    return quote(_address(path, folder))
