"""Sections of the exploration page on quality, class balance and slices."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from tomocalc.pages.charts import Switch, figure_section
from tomocalc.pages.palette import NEGATIVE, POSITIVE
from tomocalc.pages.parts import Card, Cell, Column, block, cards, heading, note, paragraph, table
from tomocalc.pages.shell import Section
from tomocalc.pages.words import CLASSES, PARTS, plural, pretty, share

ORDER = ("train", "validation", "test")


def quality_section(quality: dict[str, Any]) -> Section:
    """Return the account of gaps, duplicates, contradictions and removals."""
    repeats, conflicts = quality["duplicates"], quality["conflicting_labels"]
    gaps = {kind: sum(c[kind] for c in quality["columns"].values()) for kind in ("nan", "inf")}
    items = [
        Card(
            "Redundant candidates",
            f"{repeats['rows']:,}",
            f"{share(repeats['rows'] / max(quality['candidates'], 1))} of all, in "
            + plural(repeats["groups"], "group"),
            "warn" if repeats["rows"] else "good",
        ),
        Card("Largest group of equals", f"{repeats['largest_group']:,}", "candidates"),
        Card(
            "Contradictions",
            f"{conflicts['groups']:,}",
            f"equal features, both labels; {plural(conflicts['rows'], 'candidate')}",
            "warn" if conflicts["groups"] else "good",
        ),
        Card(
            "NaN and infinite",
            f"{gaps['nan'] + gaps['inf']:,}",
            f"{gaps['nan']:,} NaN, {gaps['inf']:,} infinite",
            "bad" if gaps["nan"] + gaps["inf"] else "good",
        ),
    ]
    body: list[Markup | str] = [
        cards(items),
        block([_duplicates(quality), _removed(quality)], kind="grid even"),
        _gaps(quality),
    ]
    if "annotations" in quality:
        body.insert(1, _annotations(quality["annotations"]))
    return Section(
        "Data quality",
        body,
        intro="Counted before anything is changed. A redundant candidate equals an earlier one in "
        "every feature that the model reads and in the label.",
        key="quality",
    )


def _duplicates(quality: dict[str, Any]) -> Markup:
    repeats = quality["duplicates"]
    per_class = [(CLASSES[int(key)], repeats["per_class"][key]) for key in ("0", "1")]
    rows = [
        [name, facts["rows"], facts["groups"], facts["largest_group"]]
        for name, facts in [*per_class, ("both", repeats)]
    ]
    columns = [
        Column("Class", "text"),
        Column("Redundant", "count", "candidates that dropping duplicates removes"),
        Column("Groups", "count", "sets of two or more equal candidates"),
        Column("Largest", "count", "candidates in the largest set"),
    ]
    written = table(columns=columns, rows=rows, caption="Duplicates per class", sortable=False)
    return block([heading("Duplicates"), written], kind="panel")


def _removed(quality: dict[str, Any]) -> Markup:
    after = quality["without_duplicates"]
    before_negatives = quality["candidates"] - quality["positives"]
    rows = [
        ["as delivered", before_negatives, quality["positives"], quality["prevalence"]],
        ["no duplicates", after["negatives"], after["positives"], after["prevalence"]],
    ]
    columns = [
        Column("State", "text"),
        Column("Others", "count"),
        Column("Calcifications", "count"),
        Column("Prevalence", "share"),
    ]
    written = table(
        columns=columns, rows=rows, caption="What dropping duplicates does", sortable=False
    )
    removed = [f"{item['rows']:,} {item['reason']}" for item in quality["removed"]]
    if unlabelled := quality.get("unlabelled_dropped"):
        removed.append(f"{unlabelled:,} without a label")
    imputed = [
        f"{item['values']:,} values of {pretty(item['column'])} ({item['method']})"
        for item in quality.get("imputed", [])
    ]
    parts = [heading("Removed and imputed"), written]
    parts.append(paragraph(f"Removed: {'; '.join(removed) or 'nothing'}."))
    parts.append(paragraph(f"Imputed: {'; '.join(imputed) or 'nothing'}."))
    return block(parts, kind="panel")


def _gaps(quality: dict[str, Any]) -> Markup:
    total = quality["rows"]
    measured = {n: g for n, g in quality["columns"].items() if g["null"] < total}
    absent = [pretty(name) for name in quality["columns"] if name not in measured]
    rows = [
        [
            pretty(name),
            gap["null"],
            gap["null"] / max(total, 1),
            *(Cell(f"{gap[k]:,}", gap[k], "bad" if gap[k] else "") for k in ("nan", "inf")),
        ]
        for name, gap in measured.items()
    ]
    columns = [
        Column("Column", "text"),
        Column("Missing", "count", "empty cells"),
        Column("Missing, share", "share"),
        Column("NaN", "count", "not a number"),
        Column("Infinite", "count"),
    ]
    written = table(
        columns=columns,
        rows=rows,
        caption=f"Gaps per column, over {total:,} rows",
        note=f"Not measured in these data: {', '.join(absent)}." if absent else "",
    )
    if any(any(gap.values()) for gap in measured.values()):
        return block([heading("Gaps"), written], kind="panel")
    fold = Markup('<details class="panel"><summary>{}</summary>{}</details>')
    return fold.format(f"No gaps in {plural(len(measured), 'measured column')}", written)


def _annotations(facts: dict[str, Any]) -> Markup:
    unmatched = facts["unmatched"]
    text = (
        f"{facts['matched']:,} annotations have a candidate inside them; {unmatched:,} have none "
        "and count as missed by the search. "
        f"{plural(facts['volumes_without_annotation'], 'volume')} without annotations."
    )
    ignored = facts.get("ignored_candidates", 0)
    if ignored:
        text += (
            f" {plural(ignored, 'candidate')} left out, because neither class is known to be true: "
            "in the band around an annotation, or in a finding of another kind."
        )
    return note(text, tone="warn" if unmatched else "info")


def balance_section(quality: dict[str, Any], split: dict[str, Any]) -> Section:
    """Return class counts before the split, in its parts, and after oversampling."""
    after, balanced = quality["without_duplicates"], split["oversampled"]
    done = split["protocol"] == "paper"  # otherwise it is the model's choice
    states = [
        ("all candidates", split["before"]["candidates"], split["before"]["positives"]),
        ("without duplicates", after["negatives"] + after["positives"], after["positives"]),
        *(
            (f"{PARTS[name]} part", part["rows"], part["positives"])
            for name in ORDER
            if (part := split["parts"].get(name)) and part["rows"]
        ),
        (
            "training, oversampled" if done else "training, if it were oversampled",
            balanced["negatives"] + balanced["positives"],
            balanced["positives"],
        ),
    ]
    names = [name for name, _, _ in states]
    counts = {0: [n - k for _, n, k in states], 1: [k for _, _, k in states]}
    data = [
        {
            "type": "bar",
            "orientation": "h",
            "name": CLASSES[label],
            "y": names,
            "x": counts[label],
            "marker": {"color": colour},
            "text": [f"{value:,}" for value in counts[label]],
            "textposition": "outside",
            "cliponaxis": False,
            "hovertemplate": "%{y}: %{x:,} " + CLASSES[label] + "<extra></extra>",
        }
        for label, colour in ((0, NEGATIVE), (1, POSITIVE))
    ]
    most = max(max(counts[0]), max(counts[1]), 10)
    reach = {"log": [0, 1.12 * math.log10(most)], "linear": [0, 1.12 * most]}
    layout = {
        "barmode": "group",
        "xaxis": {"type": "log", "dtick": 1, "range": reach["log"], "title": {"text": "rows"}},
        "yaxis": {"showgrid": False, "autorange": "reversed"},
        "margin": {"l": 10, "r": 44},
    }
    rows = [[name, n, k, n - k, k / n if n else None] for name, n, k in states]
    columns = [
        Column("State", "text"),
        Column("Rows", "count"),
        Column("Calcifications", "count"),
        Column("Others", "count"),
        Column("Prevalence", "share"),
    ]
    figure = figure_section(
        key="balance",
        title="Class balance before and after the split",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Class balance", sortable=False),
        caption="Oversampled: what the training part holds once the rarer class is repeated until "
        "both are equal. Under the honest protocol only the training part is ever balanced, and by "
        "repetition only where `model.imbalance` is oversample.",
        height=120 + 62 * len(states),
        switches=[Switch("scale", "Scale", [("log", "Logarithmic"), ("linear", "Linear")])],
        patches={
            "scale": {
                "log": {},
                "linear": {
                    "layout": {"xaxis": {"type": "linear", "dtick": None, "range": reach["linear"]}}
                },
            }
        },
        table_open=True,
    )
    return Section("Class balance", figure, key="balance")


def slices_section(slices: dict[str, Any]) -> Section:
    """Return how many slices gave no object or could not be read."""
    total = max(slices["total"], 1)
    items = [
        Card("Slices", f"{slices['total']:,}"),
        Card(
            "Without objects",
            f"{slices['without_objects']:,}",
            share(slices["without_objects"] / total),
        ),
        Card(
            "Quarantined",
            f"{slices['quarantined']:,}",
            share(slices["quarantined"] / total),
            "warn" if slices["quarantined"] else "good",
        ),
    ]
    intro = "A slice without objects is a fact about the search, and counts as searched."
    return Section("Slices without objects", cards(items), intro=intro, key="slices")
