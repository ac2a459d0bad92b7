"""The run's network under every protocol side by side, as a part of the index page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from tomocalc.comparison.catalogue import RESAMPLED
from tomocalc.pages.merits import figure_of, merit_name, row_limits, with_interval, with_reach
from tomocalc.pages.parts import Column, block, note, table
from tomocalc.pages.shell import Section
from tomocalc.pages.templating import render
from tomocalc.pages.words import PROTOCOL_NAMES, RULINGS, plural, share, under

Row = Mapping[str, Any]

ORDER = ("honest", "paper", "own")
FIGURES = (*RESAMPLED, "accuracy")
MODELS = {"lstm": "LSTM", "nearest_neighbour": "1-nearest neighbour"}
NOTHING = "No test row equals a training row, and no patient stands on both sides."
REASONS = 3
"""Reasons shown; the audit's page has all."""


def protocol_section(rows: Sequence[Row], audit: Mapping[str, Any], source: str) -> Section:
    """Return the section.

    Parameters
    ----------
    rows
        Rows of ``comparison.parquet``.
    audit
        ``leakage.json``.
    source
        ``phantom``, ``volumes`` or ``table``.
    """
    names = [name for name in ORDER if name in audit["protocols"]]
    found = {(row["protocol"], row["model"]): row for row in rows if row["auroc"] is not None}
    sides = [_side(name, found.get((name, "lstm")), audit["protocols"][name]) for name in names]
    body = [render("versus", sides=sides)]
    shown = [found[name, "lstm"] for name in names if (name, "lstm") in found]
    body += [note(text, tone="warn") for text in row_limits(shown, RESAMPLED, source)]
    body += [note(text) for text in _worth(audit["gaps"])]
    written = _table(names, found, audit["gaps"])
    if written:
        body.append(block([written], kind="panel"))
    return Section(
        "Honest and paper's protocol",
        body,
        intro="One recipe and the same candidates, trained and tested under each way of splitting "
        "them. The honest figures say how well the model does on new cases; the paper's protocol "
        "puts copies of test rows into the training part, and its figures are for comparison "
        "with publications only.",
        key="protocols",
    )


def _side(name: str, row: Row | None, audit: Mapping[str, Any]) -> dict[str, Any]:
    test = audit["parts"]["test"]
    reasons = audit["reasons"]
    figures = [
        (merit_name(key), f"{row[key]:.3f}", f"{row[f'{key}_low']:.3f} to {row[f'{key}_high']:.3f}")
        for key in FIGURES
        if row
    ]
    prevalence = f" ({share(test['positives'] / test['rows'])})" if test["rows"] else ""
    return {
        "title": PROTOCOL_NAMES[name].capitalize(),
        "tone": RULINGS[audit["verdict"]].tone,
        "verdict": RULINGS[audit["verdict"]].word,
        "figures": figures,
        "rows": f"{plural(test['rows'], 'test row')}, "
        f"{plural(test['positives'], 'calcification')}{prevalence}",
        "reasons": reasons[:REASONS] or [NOTHING],
        "more": max(0, len(reasons) - REASONS),
    }


def _worth(gaps: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the paper's protocol is worth to each model."""
    found = {
        said: gap["average_precision"]
        for model, said in MODELS.items()
        if (gap := gaps["protocols"].get("paper", {}).get(model, {}).get("gap"))
    }
    if found:
        worth = " and ".join(f"{with_reach(gap)} for the {said}" for said, gap in found.items())
        yield (
            "The test parts hold different shares of calcifications, which alone changes "
            "precision, F1 and accuracy. Average precision under the paper's protocol minus the "
            f"honest one, at the same share ({share(gaps['prevalence'])}): {worth}; the latter "
            "only recalls rows that it was given."
        )


def _table(
    names: Sequence[str], found: Mapping[tuple[str, str], Row], gaps: Mapping[str, Any]
) -> Markup | None:
    rows = [
        [
            f"{said}: {merit_name(key)}",
            *(_figure(found.get((name, model)), key) for name in names),
            *(_difference(gaps, name, model, key) for name in names if name != gaps["reference"]),
        ]
        for model, said in MODELS.items()
        for key in FIGURES
        if any((name, model) in found for name in names)
    ]
    if not rows:
        return None
    columns = [
        Column("Figure", "text"),
        *(Column(PROTOCOL_NAMES[name].capitalize()) for name in names),
        *(
            Column(f"Gap of {under(name)}", "number", "at the same share of calcifications")
            for name in names
            if name != gaps["reference"]
        ),
    ]
    caption = "The same figures, with those of a model that only recalls"
    return table(columns=columns, rows=rows, caption=caption, sortable=False)


def _figure(row: Row | None, key: str) -> str:
    return with_interval(figure_of(row, key) if row else None)


def _difference(gaps: Mapping[str, Any], name: str, model: str, key: str) -> str:
    gap = gaps["protocols"].get(name, {}).get(model, {}).get("gap", {}).get(key)
    return with_reach(gap) if gap else "–"
