"""The page of an experiment: the model trained again without a feature, or on fewer slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import Chart, axis, dots, label, line
from tomocalc.pages.curves import points, precision_recall_chart
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import in_a_sentence, is_alike, paired_limits, reach
from tomocalc.pages.palette import NEGATIVE, POSITIVE
from tomocalc.pages.words import badge_of

CURVE_ROWS = 20
"""Rows of a curve's table."""


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
