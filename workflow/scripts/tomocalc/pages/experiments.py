"""Pages of experiments: a model trained again on less, and several runs side by side."""

from collections.abc import Sequence
from typing import NamedTuple

from tomocalc.accounts.experiments import Ablation, RunComparison, RunFacts, Variant
from tomocalc.accounts.figures import Figure
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, axis, dots, label, line
from tomocalc.pages.curves import points, precision_recall_chart
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import (
    alike_rule,
    in_a_sentence,
    is_alike,
    merit_name,
    paired_limits,
    reach,
)
from tomocalc.pages.palette import NEGATIVE, POSITIVE, SERIES
from tomocalc.pages.words import BADGES

CURVE_ROWS = 20
"""Rows of a curve's table."""
FIGURES = ("auroc", "average_precision", "f1", "recall", "specificity", "accuracy", "brier")
DRAWN = ("auroc", "average_precision")


class Loss(NamedTuple):
    """What is shown of the loss in one figure of merit."""

    name: str
    variants: Sequence[Variant]
    whole: Figure
    limits: list[str]
    chart: Chart


def experiment_page(account: Ablation, *, source: str) -> str:
    """Return the page of one ablation."""
    variants = account.variants
    losses = [_loss(name, account, source) for name in variants[0].figures]
    curves = {
        name: line(
            name,
            curve.recall,
            curve.precision,
            POSITIVE if name == "whole" else NEGATIVE,
            hover="precision %{y:.1%}<br>recall %{x:.1%}<extra>%{fullData.name}</extra>",
        )
        for name, curve in account.curves.items()
    }
    return render_page(
        "experiments",
        links=navigation(f"experiments/ablation_{account.what}.html", run_pages()),
        badge=BADGES.get(source),
        packages=("numpy", "plotly", "scikit-learn", "torch"),
        account=account,
        losses=losses,
        limits=dict.fromkeys(text for loss in losses for text in loss.limits),
        only=variants[0] if account.what == "sequence" or len(variants) == 1 else None,
        controls=variants[1:] if account.what == "sequence" else [],
        is_alike=is_alike,
        reach=reach,
        curve_chart=precision_recall_chart(curves) if curves else None,
        curve_points=[
            [name, *point] for name, curve in curves.items() for point in points(curve, CURVE_ROWS)
        ],
    )


def _loss(name: str, account: Ablation, source: str) -> Loss:
    """Return the reduced models: features by their loss, slices by their number."""
    variants = list(account.variants)
    if account.what == "features":
        variants.sort(key=lambda one: -one.figures[name].lead.value)
    found = [one.figures[name] for one in variants]
    rows = [label(one.name) for one in variants]
    drawn = dots("whole minus reduced", rows, [one.lead for one in found], colour=NEGATIVE)
    layout = {
        "xaxis": axis(f"loss in {in_a_sentence(name)}", zeroline=True),
        "yaxis": {"autorange": "reversed", "type": "category"},
    }
    chart = Chart([drawn], layout, height=max(260, 110 + 34 * len(rows)))
    limits = paired_limits(found, account.patients, source)
    return Loss(name, variants, found[0].one, limits, chart)


def runs_page(account: RunComparison) -> str:
    """Return the page of several runs."""
    runs = account.runs
    kinds = {(run.settings["source"], run.settings["protocol"]) for run in runs}
    leads = list(zip(runs, account.leads, strict=True))[1:]
    differences = [figure.lead for _, lead in leads if lead for figure in lead.values()]
    return render_page(
        "runs",
        links=navigation("runs/runs.html", []),
        packages=("numpy", "plotly", "polars"),
        runs=runs,
        unlike=len(kinds) > 1,
        FIGURES=FIGURES,
        figures=_runs_chart(runs),
        differing=account.differing,
        leads=leads,
        limits=[text for text in [alike_rule(differences)] if text],
    )


def _runs_chart(runs: Sequence[RunFacts]) -> Chart:
    """Return figures with their intervals, one row per run."""
    rows = [label(run.name) for run in runs]
    data = [
        dots(merit_name(name), rows, [run.test.metrics.get(name) for run in runs], colour=colour)
        for name, colour in zip(DRAWN, SERIES, strict=False)
    ]
    layout = {
        "xaxis": {"title": {"text": "figure of merit"}, "range": [0, 1.02]},
        "yaxis": {"autorange": "reversed", "type": "category"},
        "legend": {"orientation": "h", "y": 1.12},
    }
    return Chart(data, layout, height=max(260, 90 + 60 * len(runs)))
