"""The page of the evaluation, ``report.html``: figures of merit, curves, thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.curves import (
    calibration_figure,
    confusion_figure,
    precision_recall_figure,
    roc_figure,
    threshold_figure,
)
from tomocalc.pages.evaluation.values import (
    calibration_error_table,
    operating_table,
    predictive_figures,
)
from tomocalc.pages.figures_of_merit import CARDS, figure_card, merit_figure
from tomocalc.pages.merits import counted_groups, interval_limits
from tomocalc.pages.parts import Cell, Column, block, cards, note, paragraph, table, verdict
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.words import PARTS, PROTOCOLS, badge_of, share, versions_of

LEAK = (
    "The protocol of the reference paper repeats calcifications before it splits, so that copies "
    "of the same row are learnt from and tested on. These figures reproduce the paper's; they do "
    "not tell how well the model does on new patients."
)


def evaluation_page(metrics: dict[str, Any], *, source: str, extra: Sequence[Section] = ()) -> str:
    """Return ``report.html``.

    Parameters
    ----------
    metrics
        ``{"protocol", "threshold", "confidence"?, "parts": {"test": {"n", "positives", "metrics":
        {name: {"value", "low"?, "high"?, "method"?}}, …}, "validation"?, "train"?}, "images"?,
        "paper"?: {metric: value, "confusion"?: {…}}}``; a part is what
        `tomocalc.evaluation.account.account` returns, and the test part may have
        ``operating_points``. A part that lacks a class has only ``n`` and ``positives``.
    source
        ``phantom``, ``volumes`` or ``table``.
    extra
        Sections to stand before the classification report, e.g. on detection.
    """
    test = metrics["parts"]["test"]
    measured = "metrics" in test
    sections = _measured(metrics, extra) if measured else [_unmeasured(test), *extra]
    return render_page(
        title="Evaluation",
        subtitle="How well the classifier tells calcifications from other candidates, on the part "
        "of the data that it has never seen.",
        sections=sections,
        badge=badge_of(source),
        facts=_facts(metrics),
        links=navigation("evaluation/report.html", run_pages()),
        versions=versions_of(("numpy", "plotly", "scikit-learn", "torch")),
    )


def _facts(metrics: dict[str, Any]) -> dict[str, str]:
    test = metrics["parts"]["test"]
    return {
        "Protocol": metrics["protocol"],
        "Test rows": f"{test['n']:,}",
        "Calcifications": f"{test['positives']:,}",
        "Prevalence": share(test["positives"] / test["n"]) if test["n"] else "–",
        "Threshold": f"{metrics['threshold']:.3f}",
    }


def _measured(metrics: dict[str, Any], extra: Sequence[Section]) -> list[Section]:
    test = metrics["parts"]["test"]
    parts = {
        name: metrics["parts"][name]
        for name in PARTS
        if "metrics" in metrics["parts"].get(name, {})
    }
    paper = metrics.get("paper", {})
    at_threshold = [
        confusion_figure(test["confusion"], paper.get("confusion")),
        threshold_figure(test["thresholds"], metrics["threshold"]),
    ]
    return [
        Section("Key figures", _headline(metrics), key="headline"),
        Section("All figures", merit_figure(parts, paper), key="figures"),
        Section(
            "Over all thresholds",
            block([roc_figure(parts), precision_recall_figure(parts)], kind="grid"),
            intro="Each point of a curve is one threshold. A part that the model learnt from lies "
            "higher; how much higher tells how much it has learnt by heart.",
            key="curves",
        ),
        Section(
            "At the threshold",
            [block(at_threshold, kind="grid"), *_operating(test)],
            intro=f"A candidate with a probability of {metrics['threshold']:.3f} or more is called "
            "a calcification.",
            key="threshold",
        ),
        Section(
            "Calibration",
            [
                calibration_figure(test["calibration"]),
                calibration_error_table(test["calibration_error"]),
            ],
            intro="Whether a probability means what it says: of the candidates given 30 %, 30 % "
            "should be calcifications. Probabilities hold for the prevalence of these data.",
            key="calibration",
        ),
        *_predictive(metrics),
        *extra,
        Section("Classification report", _report(test["report"]), key="report"),
    ]


def _operating(test: dict[str, Any]) -> list[Markup]:
    points = test.get("operating_points")
    return [operating_table(points)] if points else []


def _predictive(metrics: dict[str, Any]) -> list[Section]:
    cases = metrics.get("images", {}).get("cases", {})
    units = {"candidates": metrics["parts"]["test"]} | cases
    known = {
        unit: facts["predictive_values"] for unit, facts in units.items() if "metrics" in facts
    }
    if not known["candidates"]:
        return []
    return [
        Section(
            "At other prevalences",
            predictive_figures(known),
            intro="What a call is worth where calcifications are rarer or more frequent than "
            "here: predictive values from the sensitivity and specificity at the threshold, by "
            "Bayes' rule, at the prevalences of the configuration.",
            key="prevalence",
        )
    ]


def _headline(metrics: dict[str, Any]) -> list[Markup | str]:
    figures = metrics["parts"]["test"]["metrics"]
    items = [figure_card(name, figures[name]) for name in CARDS if name in figures]
    test = metrics["parts"]["test"]
    counted = f"On {test['n']:,} rows of {counted_groups(test['groups'], test['unit'])}."
    limits = [note(text, tone="warn") for text in interval_limits(test, CARDS)]
    body: list[Markup | str] = [cards(items), paragraph(counted), *limits]
    if metrics["protocol"] == "paper":
        body.insert(0, verdict(good=False, title="These figures leak", reasons=[LEAK]))
    else:
        body.append(note(f"Protocol {PROTOCOLS[metrics['protocol']]}. The test part is read once."))
    return body


def _unmeasured(test: dict[str, Any]) -> Section:
    text = (
        f"The test part holds {test['positives']:,} calcifications among {test['n']:,} candidates. "
        "Without both classes nothing can be measured: add volumes, or raise split.test_fraction."
    )
    return Section("No figures", note(text, tone="bad"))


def _report(lines: Sequence[dict[str, Any]]) -> Markup:
    scores = ("precision", "recall", "f1")
    total = sum(line["support"] for line in lines)
    rows: list[list[Any]] = [
        [line["class"], *(line[key] for key in scores), line["support"]] for line in lines
    ]
    plain = [sum(line[key] for line in lines) / len(lines) for key in scores]
    weighted = [
        sum(line[key] * line["support"] for line in lines) / total if total else None
        for key in scores
    ]
    right = sum(line["recall"] * line["support"] for line in lines)
    rows.append(["accuracy", None, None, right / total if total else None, total])
    rows.append(["mean of both classes", *plain, total])
    rows.append(["weighted by support", *weighted, total])
    # as in scikit-learn's report, the accuracy stands in the column of F1
    columns = [
        Column("Class", "text"),
        *(Column(label, "score") for label in ("Precision", "Recall", "F1")),
        Column("Support", "count", "rows of the class in the test part"),
    ]
    written = table(
        columns=columns,
        rows=[[Cell(row[0]), *row[1:]] for row in rows],
        caption="Precision, recall and F1 of both classes, as in the reference paper",
        sortable=False,
    )
    return block([written], kind="panel")
