"""Tables of the comparison: every figure of every classifier under every protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from tomocalc.pages.merits import figure_of, with_interval
from tomocalc.pages.parts import Cell, Column, block, table
from tomocalc.pages.shell import Section
from tomocalc.pages.words import plural, under

Rows = list[dict[str, Any]]
FIGURES = {"accuracy": "Accuracy", "average_precision": "AP", "auroc": "AUROC", "f1": "F1"}


def classifier_table(by_protocol: Mapping[str, Rows]) -> Markup:
    """Return a line per classifier: the cited accuracy, then each figure under each protocol."""
    names = list(by_protocol)
    columns = [
        Column("Classifier", "text"),
        Column("Cited accuracy", "score", "the figure a publication gives, where one is on file"),
        *(
            Column(f"{label} {name}", "score", f"under {under(name)}")
            for label in FIGURES.values()
            for name in names
        ),
    ]
    lines = []
    for place, row in enumerate(by_protocol[names[0]]):
        cited = row["cited_accuracy"]
        found = [by_protocol[name][place] for name in names]
        lines.append(
            [
                Cell(row["name"]),
                Cell("–") if cited is None else Cell(f"{cited:.4f}", cited),
                *(
                    one[key] if one["measured"] or key != "accuracy" else Cell("not run")
                    for key in FIGURES
                    for one in found
                ),
            ]
        )
    return table(
        columns=columns,
        rows=lines,
        caption="Every classifier under every protocol; AP: average precision",
        sortable=False,
    )


def interval_table(measured: Mapping[str, Rows]) -> Markup:
    """Return every figure with its interval, folded away."""
    columns = [
        Column("Classifier", "text"),
        Column("Protocol", "text"),
        *(Column(label, "text") for label in FIGURES.values()),
    ]
    lines = [
        [row["name"], name, *(_interval(row, key) for key in FIGURES)]
        for name, rows in measured.items()
        for row in rows
    ]
    written = table(columns=columns, rows=lines, caption="The same with intervals")
    return Markup("<details><summary>With intervals</summary>{}</details>").format(written)


def _interval(row: Mapping[str, Any], key: str) -> Cell:
    return Cell(with_interval(figure_of(row, key)), row[key])


def cross_validated(
    by_protocol: Mapping[str, Rows], folds: Mapping[str, Mapping[str, int]]
) -> list[Section]:
    """Return the section of the cross-validated figures; none where nothing was."""
    rows = [row for row in by_protocol.get("honest", []) if row["cv_auroc"] is not None]
    if not rows:
        return []
    plan = folds["honest"]
    columns = [Column("Classifier", "text")]
    for label in ("AUROC", "Average precision", "F1 at 0.5", "Accuracy at 0.5"):
        columns += [Column(label, "score"), Column("±", "score", "standard deviation over folds")]
    lines = []
    for row in rows:
        line: list[Any] = [row["name"]]
        for name in ("auroc", "average_precision", "f1", "accuracy"):
            line += [row[f"cv_{name}"], row[f"cv_{name}_deviation"]]
        lines.append(line)
    written = table(columns=columns, rows=lines, caption="Cross-validated figures")
    times = plural(plan["repeats"], "time")
    return [
        Section(
            "Cross-validated",
            block([written], kind="panel"),
            intro=f"Mean over {plan['folds']} folds of all candidates, {times}, honestly: no group "
            "on both sides, everything fitted inside the training folds. With default parameters, "
            "which have seen no data, at threshold 0.5. Less chance in these figures than in one "
            "test part.",
            key="cross-validated",
        )
    ]
