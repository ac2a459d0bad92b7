"""The page of the comparison: every classifier under every protocol, beside the LSTM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from tomocalc.comparison.catalogue import KINDS, read_cited
from tomocalc.comparison.figures import REFERENCE
from tomocalc.comparison.table import Measured, comparison_table, measure
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.comparison.charts import DIFFERENCES, difference_figure, figure_chart
from tomocalc.pages.comparison.headline import headline
from tomocalc.pages.comparison.tables import (
    Rows,
    classifier_table,
    cross_validated,
    interval_table,
)
from tomocalc.pages.frame import write_page
from tomocalc.pages.parts import Column, block, note, table
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.words import PROTOCOL_NAMES, PROTOCOLS, UNTUNED, badge_of, versions_of
from tomocalc.parquet import write_parquet

OPT_IN = "on request, for volumes: snakemake results/comparison/image_models.html"


def write_comparison(
    measured: Sequence[Measured],
    *,
    cited: str,
    source: str,
    settings: Mapping[str, Any],
    seed: int,
    table: str,
    page: str,
    title: str = "Comparison",
) -> None:
    """Write the comparison of everything that was *measured* as a *table* and as a *page*.

    Parameters
    ----------
    measured
        By protocol, the run's own first.
    cited
        Sheet of figures from publications.
    settings
        The ``evaluation`` section of the configuration.
    """
    figures = {one.protocol: measure(one, settings=settings, seed=seed) for one in measured}
    rows = comparison_table(measured, figures, read_cited(cited))
    write_parquet(table, rows)
    html = comparison_page(
        rows,
        own=measured[0].protocol,
        source=source,
        confidence=settings["confidence"],
        cross_validation={one.protocol: one.cross_validation for one in measured},
        title=title,
    )
    write_page(page, html)


def comparison_page(
    rows: pl.DataFrame,
    *,
    own: str,
    source: str,
    confidence: float,
    cross_validation: Mapping[str, Mapping[str, int]],
    title: str = "Comparison",
) -> str:
    """Return ``comparison.html``.

    Parameters
    ----------
    rows
        ``comparison.parquet``.
    own
        The run's own protocol.
    source
        ``phantom``, ``volumes`` or ``table``.
    confidence
        Of the intervals.
    cross_validation
        Folds and repeats by protocol; no repeats: there was none.
    """
    by_protocol = {
        str(name): part.to_dicts()
        for (name,), part in rows.group_by("protocol", maintain_order=True)
    }
    shown = [name for name in ("paper", "honest", "own") if name in by_protocol]
    by_protocol = {name: by_protocol[name] for name in shown}
    measured = {name: _with_figures(part) for name, part in by_protocol.items()}
    drawn = {name: part for name, part in measured.items() if part}
    sections = [
        Section("In short", headline(measured, source), key="headline"),
        Section(
            "Every classifier",
            [
                block([classifier_table(by_protocol), interval_table(measured)], kind="panel"),
                note(_cited_words(rows)),
            ],
            intro="The classifiers that the reference paper compares itself with, and ours, on "
            "the same candidates. The paper's own figure, ours under its protocol, and ours "
            "where nothing leaks.",
            key="table",
        ),
    ]
    if drawn:
        sections += _charts(drawn, confidence)
    sections += cross_validated(by_protocol, cross_validation)
    sections.append(_method(by_protocol, confidence))
    return render_page(
        title=title,
        subtitle="How the LSTM stands beside other classifiers on the same splits, where test rows "
        "leak and where they do not.",
        sections=sections,
        badge=badge_of(source),
        facts=_facts(by_protocol, own),
        links=navigation("comparison/comparison.html", run_pages()),
        versions=versions_of(("numpy", "plotly", "scikit-learn")),
    )


def _with_figures(rows: Rows) -> Rows:
    return [row for row in rows if row["auroc"] is not None]


def _facts(by_protocol: Mapping[str, Rows], own: str) -> dict[str, str]:
    facts = {"This run's protocol": own}
    for name, rows in by_protocol.items():
        tested = next((row for row in rows if row["n"]), None)
        if tested:
            facts[f"Test rows, {name}"] = f"{tested['n']:,}, {tested['positives']:,} calcifications"
    return facts


def _cited_words(rows: pl.DataFrame) -> str:
    given = rows.filter(pl.col("cited_accuracy").is_not_null()).unique("model", maintain_order=True)
    known = "; ".join(
        f"{row['name']} {row['cited_accuracy']:.4f} ({row['cited_source'] or 'no source given'})"
        for row in given.to_dicts()
    )
    images = OPT_IN if not rows.filter(pl.col("kind") == "image")["measured"].any() else "run"
    return (
        f"Cited figures on file: {known or 'none'}. Others are not given here: enter them with "
        f"their source in the sheet that comparison.cited names. Image models: {images}. The "
        "FPN/SPP detector is not run: it finds and classifies in one step, so it has no score for "
        "our candidates."
    )


def _charts(measured: Mapping[str, Rows], confidence: float) -> list[Section]:
    both = [figure_chart(measured, key) for key in DIFFERENCES]
    apart = [
        difference_figure(name, rows)
        for name, rows in measured.items()
        if any(row["model"] != REFERENCE for row in rows)
    ]
    return [
        Section(
            "Side by side",
            block(both, kind="grid"),
            intro="Each model once per protocol. Where the paper's dot lies far right of the "
            "honest one, the figure comes from rows that were learnt by heart.",
            key="side-by-side",
        ),
        Section(
            "Differences to the LSTM",
            apart,
            intro="Every model minus the LSTM on the same test rows; right of zero the other model "
            f"is better. Whiskers: {100 * confidence:g} % intervals of a paired bootstrap of whole "
            "patients (of groups of equal rows where no patients are named).",
            key="differences",
        ),
    ]


def _lstm_remark(row: Mapping[str, Any]) -> str:
    if row["model"] != REFERENCE:
        return "–"
    return UNTUNED if row["remark"] == "not_tuned" else "the tuning's choice"


def _method(by_protocol: Mapping[str, Rows], confidence: float) -> Section:
    columns = [
        Column("Classifier", "text"),
        Column("Reads", "text"),
        Column("Protocol", "text"),
        Column("Trials", "count", "parameter sets tried"),
        Column("Threshold", "score"),
        Column("Chosen parameters", "text"),
    ]
    rows = [
        [
            row["name"],
            KINDS[row["kind"]],
            name,
            row["trials"],
            row["threshold"],
            row["parameters"] or _lstm_remark(row),
        ]
        for name, part in by_protocol.items()
        for row in part
        if row["measured"]
    ]
    written = table(columns=columns, rows=rows, caption="Trials and chosen parameters")
    budgets = {row[3] for row in rows if row[3]}
    words = [
        "Protocols: "
        + "; ".join(PROTOCOLS.get(name, PROTOCOL_NAMES[name]) for name in by_protocol)
        + ".",
        "Parameters are chosen on the validation part (where the protocol has none, on the first "
        "fold of the training part); thresholds as for the LSTM. The LSTM is tuned once, under "
        "this run's protocol. Under another it is trained by the same recipe, but with the "
        "configured hyper-parameters where trials were scored on candidates or patients of that "
        "test part. The 1-nearest "
        "neighbour has nothing to tune; image models have one recipe.",
        f"Intervals hold at {100 * confidence:g} %: a bootstrap of whole patients for AUROC, "
        "average precision and F1; Wilson's for accuracy.",
        "Training times differ from run to run, so they are not part of the results: they are in "
        "the folder of logs, as comparison/*_times.tsv, and in benchmarks/ beside it.",
    ]
    parts = [note(text) for text in words]
    if len(budgets - {1}) > 1:
        parts.insert(
            0,
            note(
                "The LSTM and the others had different numbers of trials: set comparison.trials "
                "to tuning.trials for an equal budget.",
                tone="warn",
            ),
        )
    return Section("How it was done", [block([written], kind="panel"), *parts], key="method")
