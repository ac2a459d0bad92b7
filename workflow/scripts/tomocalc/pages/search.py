"""How well the search for candidates finds what is annotated, as a part of the index page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from tomocalc.pages.parts import Cell, Column, block, note, table
from tomocalc.pages.words import plural, written

KINDS = {"calcification": "calcifications", "cluster": "clusters"}
GENERATORS = {"local": "local: small bright spots", "paper": "paper: blur, equalise, Otsu"}
OTHERS = {
    "round_benign": "round benign calcifications",
    "vascular": "calcified vessels",
    "clip": "clips",
    "noise_spike": "detector spikes",
    "end_on_vessel": "vessels seen end-on",
}


def search_section(facts: dict[str, Any]) -> Markup:
    """Return what `detection.json` says: recall beside chance for every generator.

    Chance is the same test at the mirrored places of the same breast, where nothing is annotated.
    `search_rules` says so to the reader.
    """
    columns = [
        Column("Search", "text"),
        Column("Covered", "text"),
        Column("Recall, 95 % interval", "share"),
        Column("By chance", "share"),
        Column("Objects per slice"),
        Column("Per cm²"),
    ]
    main = table(
        columns=columns,
        rows=[row for name, account in facts["generators"].items() for row in _rows(name, account)],
        caption="Recall of annotated findings, beside chance",
        sortable=False,
    )
    parts = [block([main], kind="panel")]
    placed = [row for name in facts["generators"] for row in _placed(name, facts)]
    if placed:
        columns = [
            Column("What was put into the phantom", "text"),
            Column("Search", "text"),
            Column("Found", "count"),
            Column("Of", "count"),
            Column("Recall, 95 % interval", "share"),
        ]
        caption = "Calcifications by their contrast to noise, and what is taken for them"
        parts.append(block([table(columns=columns, rows=placed, caption=caption)], kind="panel"))
    if not any(account.get(kind) for account in facts["generators"].values() for kind in KINDS):
        parts.insert(0, note("Nothing is annotated, so recall cannot be measured.", tone="warn"))
    return Markup("").join(parts)


def search_rules(facts: dict[str, Any]) -> str:
    """Return in one sentence what counts as found."""
    slices = plural(facts["slice_tolerance"], "slice")
    return (
        f"A finding is covered when a candidate lies within {facts['tolerance_mm']} mm and "
        f"{slices} of it; chance is the same test at the mirrored places of the same breast."
    )


def _rows(name: str, account: dict[str, Any]) -> Iterator[list[Any]]:
    load = [account["small_objects_per_slice"], account["small_objects_per_cm2_of_breast"]]
    kinds = [kind for kind in KINDS if account.get(kind, {}).get("findings")]
    for kind in kinds:
        found = account[kind]
        covered = f"{found['covered']:,} of {found['findings']:,} {KINDS[kind]}"
        yield [GENERATORS[name], covered, _recall(found), found["by_chance"]["recall"], *load]
    if not kinds:
        yield [GENERATORS[name], "nothing annotated", None, None, *load]


def _placed(name: str, facts: dict[str, Any]) -> Iterator[list[Any]]:
    account = facts["generators"][name]
    groups = {
        f"calcifications, contrast to noise {label}": found
        for label, found in account.get("by_contrast_to_noise", {}).items()
    } | {OTHERS.get(kind, kind): found for kind, found in account.get("other_objects", {}).items()}
    for label, found in groups.items():
        if found["findings"]:
            yield [label, name, found["covered"], found["findings"], _recall(found)]


def _recall(found: dict[str, Any]) -> Cell:
    low, high = written(found["lower"], "share"), written(found["upper"], "share")
    return Cell(f"{written(found['recall'], 'share')} ({low} to {high})", found["recall"])
