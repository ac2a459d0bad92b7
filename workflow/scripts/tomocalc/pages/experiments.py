"""Pages of experiments: a model trained again on less, and several runs side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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
from tomocalc.pages.words import badge_of

CURVE_ROWS = 20
"""Rows of a curve's table."""
FIGURES = ("auroc", "average_precision", "f1", "recall", "specificity", "accuracy", "brier")
DRAWN = ("auroc", "average_precision")


def experiment_page(facts: Mapping[str, Any], *, source: str) -> str:
    """Return the page; *facts* as ``ablation_<what>.json`` holds them."""
    variants = facts["variants"]
    names = list(variants[0]["figures"])
    losses = [_loss(name, _ordered(facts, name), facts, source) for name in names]
    curves = {
        name: line(
            name, curve["recall"], curve["precision"], POSITIVE if name == "whole" else NEGATIVE
        )
        for name, curve in facts["curves"].items()
    }
    return render_page(
        "experiments",
        links=navigation(f"experiments/ablation_{facts['what']}.html", run_pages()),
        badge=badge_of(source),
        packages=("numpy", "plotly", "scikit-learn", "torch"),
        account=facts,
        losses=losses,
        limits=dict.fromkeys(text for loss in losses for text in loss["limits"]),
        only=variants[0] if facts["what"] == "sequence" or len(variants) == 1 else None,
        controls=variants[1:] if facts["what"] == "sequence" else [],
        is_alike=is_alike,
        reach=reach,
        curve_chart=precision_recall_chart(curves) if curves else None,
        curve_points=[
            [name, *point] for name, curve in curves.items() for point in points(curve, CURVE_ROWS)
        ],
    )


def _ordered(facts: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return the reduced models: features by their loss, slices by their number."""
    if facts["what"] != "features":
        return list(facts["variants"])
    return sorted(facts["variants"], key=lambda one: -one["figures"][name]["lead"]["value"])


def _loss(
    name: str, variants: Sequence[Mapping[str, Any]], facts: Mapping[str, Any], source: str
) -> dict[str, Any]:
    """Return what is shown of the loss in one figure of merit."""
    found = [one["figures"][name] for one in variants]
    rows = [label(one["name"]) for one in variants]
    drawn = dots("whole minus reduced", rows, [one["lead"] for one in found], colour=NEGATIVE)
    layout = {
        "xaxis": axis(f"loss in {in_a_sentence(name)}", zeroline=True),
        "yaxis": {"autorange": "reversed", "type": "category"},
    }
    return {
        "name": name,
        "variants": variants,
        "whole": found[0]["whole"],
        "limits": paired_limits(found, facts["patients"], source),
        "chart": Chart([drawn], layout, height=max(260, 110 + 34 * len(rows))),
    }


def runs_page(facts: Mapping[str, Any]) -> str:
    """Return the page; *facts* as `tomocalc.experiments.runs.compare` returns them."""
    runs = facts["runs"]
    kinds = {(run["settings"]["source"], run["settings"]["protocol"]) for run in runs}
    leads = list(zip(runs, facts["leads"], strict=True))[1:]
    differences = [figure["lead"] for _, lead in leads if lead for figure in lead.values()]
    return render_page(
        "runs",
        links=navigation("runs/runs.html", []),
        packages=("numpy", "plotly", "polars"),
        runs=runs,
        unlike=len(kinds) > 1,
        FIGURES=FIGURES,
        figures=_runs_chart(runs),
        differing=facts["differing"],
        leads=leads,
        limits=[text for text in [alike_rule(differences)] if text],
    )


def _runs_chart(runs: Sequence[Mapping[str, Any]]) -> Chart:
    """Return figures with their intervals, one row per run."""
    rows = [label(run["name"]) for run in runs]
    data = [
        dots(
            merit_name(name),
            rows,
            [run["test"]["metrics"].get(name) for run in runs],
            colour=colour,
        )
        for name, colour in zip(DRAWN, SERIES, strict=False)
    ]
    layout = {
        "xaxis": {"title": {"text": "figure of merit"}, "range": [0, 1.02]},
        "yaxis": {"autorange": "reversed", "type": "category"},
        "legend": {"orientation": "h", "y": 1.12},
    }
    return Chart(data, layout, height=max(260, 90 + 60 * len(runs)))
