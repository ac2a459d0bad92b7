"""Sections on volumes, patients, calcifications and clusters of the test part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from markupsafe import Markup

from tomocalc.pages.charts import figure_section
from tomocalc.pages.curves import ROWS, UNIT, diagonal, evenly
from tomocalc.pages.evaluation.froc import dbtex_block, froc_block
from tomocalc.pages.merits import floor_rule, merit_name, rests_on, with_interval
from tomocalc.pages.palette import GREEN, NEGATIVE
from tomocalc.pages.parts import Card, Cell, Column, block, cards, note, paragraph, table
from tomocalc.pages.shell import Section
from tomocalc.pages.words import plural

MOST = 200
"""Rows of a long table; the file has the rest."""

CASES = {"patients": ("patient", GREEN, "solid"), "volumes": ("volume", NEGATIVE, "dash")}


def image_sections(
    facts: Mapping[str, Any],
    *,
    clusters: pl.DataFrame,
    patients: pl.DataFrame,
    confidence: float,
) -> list[Section]:
    """Return the sections, or one that says why there is nothing to show.

    Parameters
    ----------
    facts
        ``images`` of ``metrics.json``.
    clusters, patients
        ``clusters.parquet`` and ``patients.parquet``; the test part is shown.
    """
    if "absent" in facts:
        return [Section("Volumes and patients", note(facts["absent"]), key="cases")]
    test = pl.col("part") == "test"
    rule = facts["rule"]
    return [
        Section(
            "Volumes and patients",
            [*_case_parts(facts), _patients(patients.filter(test))],
            intro="The score of a volume is the largest probability of its candidates, that of a "
            "patient the largest of the volumes, and 0 where there is no candidate. A case is "
            "positive when a calcification or a cluster is annotated in it. The cluster score is "
            "the highest threshold at which a case still has a cluster of flagged candidates; in "
            "reach are the annotated findings that a candidate lies on, the only ones that the "
            "model can find.",
            key="cases",
        ),
        Section(
            "Findings found",
            froc_block(facts["froc"], rule, confidence),
            intro="Every annotated finding of the test part counts, also one that the search for "
            "candidates overlooked. A mark that lies on nothing annotated is false; a second one "
            "on the same finding is neither.",
            key="froc",
        ),
        Section(
            "Clusters",
            _clusters(clusters.filter(test)),
            intro=f"At least {rule['calcifications']} candidates from the threshold on, each "
            f"within {rule['distance_mm']:g} mm of another one that has as many around it "
            "(DBSCAN). The curve per cluster rates a mark by the highest threshold at which it "
            "is a cluster; a mark is right when half of what makes it lies on an annotated one.",
            key="clusters",
        ),
        Section(
            "DBTex metric",
            dbtex_block(facts["dbtex"], rule, patients=facts["patients"]),
            intro="As published for the DBTex challenges. A mark hits a finding when the centres "
            "are no further apart than half the diagonal of its box, or 100 pixels, and no more "
            "than a quarter of the slices.",
            key="dbtex",
        ),
    ]


def _case_parts(facts: Mapping[str, Any]) -> list[Markup]:
    known = {unit: case for unit, case in facts["cases"].items() if "metrics" in case}
    parts = [paragraph(_counted(facts))]
    if known:
        figures = _figures(known)
        shown = [case["metrics"]["auroc"] for case in known.values()]
        limits = rests_on(facts["patients"], "patient"), floor_rule(shown, "patient")
        warned = [note(text, tone="warn") for text in limits if text]
        grid = block([_roc(known), figures], kind="grid")
        parts = [cards(_cards(known)), *parts, *warned, grid]
    for unit, (noun, _, _) in CASES.items():
        case = facts["cases"][unit]
        if unit not in known:
            text = (
                f"{plural(case['positives'], f'positive {noun}')} among {case['n']}: without both "
                f"classes the scores of {unit} cannot be judged."
            )
            parts.append(note(text, tone="warn"))
    return parts


def _cards(known: Mapping[str, Mapping[str, Any]]) -> list[Card]:
    items = []
    for unit, (noun, _, _) in CASES.items():
        if unit in known:
            for name in ("auroc", "recall", "specificity"):
                figure = known[unit]["metrics"][name]
                items.append(
                    Card(
                        f"{merit_name(name)} per {noun}",
                        f"{figure['value']:.3f}",
                        f"{figure['low']:.3f} to {figure['high']:.3f}",
                    )
                )
    return items


def _roc(known: Mapping[str, Mapping[str, Any]]) -> Markup:
    data, rows = [], []
    for unit, (noun, colour, dash) in CASES.items():
        if unit not in known:
            continue
        case = known[unit]
        fpr, tpr = case["roc"]["fpr"], case["roc"]["tpr"]
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{unit}, area {case['metrics']['auroc']['value']:.3f}",
                "x": fpr,
                "y": tpr,
                "line": {"color": colour, "dash": dash, "width": 2.4},
                "hovertemplate": "%{x:.3f}, %{y:.3f}<extra>" + unit + "</extra>",
            }
        )
        rows += [[Cell(noun), fpr[i], tpr[i]] for i in evenly(len(fpr), ROWS)]
    data.append(diagonal("chance"))
    layout = {
        "xaxis": {**UNIT, "title": {"text": "1 − specificity"}},
        "yaxis": {**UNIT, "title": {"text": "recall"}},
    }
    columns = [
        Column("Unit", "text"),
        Column("1 − specificity", "score"),
        Column("Recall", "score"),
    ]
    return figure_section(
        key="cases-roc",
        title=f"{'ROC curves' if len(known) > 1 else 'ROC curve'} per {_units(known)}",
        figure={"data": data, "layout": layout},
        table=table(columns=columns, rows=rows, caption="Points of the ROC curves"),
        height=400,
    )


def _units(known: Mapping[str, Any]) -> str:
    return " and per ".join(noun for unit, (noun, _, _) in CASES.items() if unit in known)


def _counted(facts: Mapping[str, Any]) -> str:
    """Return what was counted, and what becomes of volumes and patients without a candidate."""
    bare, drawn = facts["cases"]["volumes"]["without_candidates"], facts["patients_drawn"]
    text = (
        f"Counted are {plural(facts['volumes'], 'volume')} of "
        f"{plural(facts['patients'], 'patient')}, {bare or 'none'} of the volumes without a "
        "candidate."
    )
    if drawn:
        text += (
            f" {plural(drawn, 'patient')} without any candidate, unknown to the split, came into "
            "this part by the chance that the split gives it."
        )
    return text


def _figures(known: Mapping[str, Mapping[str, Any]]) -> Markup:
    units = [unit for unit in CASES if unit in known]
    names = list(known[units[0]]["metrics"])
    rows: list[list[Any]] = [
        [Cell(merit_name(name)), *(with_interval(known[unit]["metrics"][name]) for unit in units)]
        for name in names
    ]
    rows.append(
        [
            Cell("AUROC of the cluster score"),
            *(with_interval(known[unit]["cluster_auroc"]) for unit in units),
        ]
    )
    rows += [
        [Cell(label), *(f"{known[unit][key]:,}" for unit in units)]
        for label, key in (("Cases", "n"), ("Positive cases", "positives"))
    ]
    columns = [
        Column("Figure", "text"),
        *(Column(f"Per {CASES[unit][0]}", "text") for unit in units),
    ]
    written = table(
        columns=columns, rows=rows, caption=f"Figures per {_units(known)}", sortable=False
    )
    text = (
        "Recall, specificity and precision at the model's threshold with Wilson intervals, the "
        "others with intervals from resampling patients."
    )
    return block([written, paragraph(text)], kind="panel")


def _patients(patients: pl.DataFrame) -> Markup:
    columns = [
        Column("Patient", "text"),
        Column("Score", "score", "largest probability of a candidate"),
        Column("Cluster score", "score", "highest threshold at which there is a cluster"),
        Column("Annotated", "count", "annotated findings"),
        Column("In reach", "count", "annotated findings that a candidate lies on"),
        Column("Found", "count", "annotated findings whose candidate reaches the threshold"),
        Column("Candidates", "count"),
        Column("Flagged", "count", "candidates that reach the threshold"),
        Column("Clusters", "count", "clusters that they form"),
        Column("Volumes", "count"),
    ]
    scores = ("score", "cluster_score")
    counts = ("findings", "with_candidate", "found", "candidates", "flagged", "clusters", "volumes")
    shown = patients.sort("score", "patient_id", descending=[True, False]).head(MOST)
    rows = [
        [Cell(row["patient_id"]), *(row[name] for name in (*scores, *counts))]
        for row in shown.iter_rows(named=True)
    ]
    caption = "Patients of the test part, the highest score first"
    return _listed(columns, rows, caption, patients.height, "patients.parquet")


def _clusters(clusters: pl.DataFrame) -> Markup:
    if clusters.is_empty():
        return note("At the model's threshold there is no cluster in the test part.")
    columns = [
        Column("Volume, number", "text"),
        Column("Highest", "score", "largest probability of a candidate"),
        Column("Mean", "score", "mean probability of the candidates"),
        Column("Candidates", "count", "those that reach the threshold"),
        Column("Annotated", "count", "candidates that lie on an annotated finding"),
        Column("Extent", "number", "largest distance of two candidates in the plane, mm"),
        Column("Per cm²", "number", "candidates per area of a disc of that width"),
        Column("Nearest", "number", "mean distance of a candidate to its nearest other, mm"),
        Column("Slices", "text", "first and last slice of best focus, from 0"),
    ]
    shown = clusters.sort(
        "probability_max", "volume_id", "cluster_id", descending=[True, False, False]
    ).head(MOST)
    rows = [
        [
            Cell(f"{row['volume_id']}, {row['cluster_id']}"),
            *(row[name] for name in ("probability_max", "probability_mean", "count", "annotated")),
            _tenths(row["extent_mm"], "mm"),
            _tenths(row["density_per_cm2"]),
            _tenths(row["nearest_mm"], "mm"),
            Cell(f"{row['slice_first']} to {row['slice_last']}", row["slice_first"]),
        ]
        for row in shown.iter_rows(named=True)
    ]
    caption = "Clusters that the model marks in the test part, the likeliest first"
    return _listed(columns, rows, caption, clusters.height, "clusters.parquet")


def _tenths(value: float | None, unit: str = "") -> Cell | None:
    return None if value is None else Cell(f"{value:.1f} {unit}".strip(), value)


def _listed(
    columns: list[Column], rows: list[list[Any]], caption: str, height: int, file: str
) -> Markup:
    """Return the first rows of *height* as a table that names the *file* of all."""
    rest = f"The first {MOST} of {height:,} are shown. " if height > MOST else ""
    said = f"{rest}All parts are in {file}."
    return block([table(columns=columns, rows=rows, caption=caption, note=said)], kind="panel")
