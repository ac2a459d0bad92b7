"""The page of a validation elsewhere: the evaluation's, and how probabilities carry over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from tomocalc.accounts.external import ExternalAccount, NetBenefit, Recalibration, Spread
from tomocalc.pages.charts import Chart, axis, line, markers, whiskers
from tomocalc.pages.evaluation import evaluation_page
from tomocalc.pages.palette import NEGATIVE, POSITIVE
from tomocalc.pages.words import score

EXTERNAL = "external/external.html"

MODES = {
    "as_released": "as released",
    "intercept": "intercept fitted",
    "slope": "intercept and slope fitted",
}
"""What was done to the probabilities."""


def external_page(
    account: ExternalAccount,
    *,
    clusters: pl.DataFrame | None = None,
    patients: pl.DataFrame | None = None,
) -> str:
    """Return ``external.html``.

    Parameters
    ----------
    account
        ``external.json``.
    clusters, patients
        Tables as the evaluation writes them, where there are volumes.
    """
    return evaluation_page(
        account,
        clusters=clusters,
        patients=patients,
        address=EXTERNAL,
        external=account,
        recalibrated=_recalibrated(account.recalibrations),
        decision_chart=_decision_chart(account.decision) if account.decision else None,
    )


def _recalibrated(found: Sequence[Recalibration]) -> list[list[Any]]:
    """Return a row per number of patients and mode."""
    return [
        [
            f"{one.patients} patients, {MODES[mode.mode]}",
            one.held_out,
            one.draws,
            *(_spread(spread) for spread in (mode.intercept, mode.slope, mode.brier)),
        ]
        for one in found
        for mode in one.modes
    ]


def _spread(found: Spread) -> str:
    return f"{score(found.mean)} ({score(found.low)} to {score(found.high)})"


def _decision_chart(points: Sequence[NetBenefit]) -> Chart:
    """Return the net benefit over the threshold, beside flagging everything and nothing."""
    thresholds = [point.threshold for point in points]
    figures = [point.model for point in points]
    drawn = markers(
        "the model",
        thresholds,
        [figure.value for figure in figures],
        POSITIVE,
        symbol="circle",
        size=8,
        hover="net benefit %{y:.4~r}<br>threshold %{x:.3~g}<extra>the model</extra>",
        mode="lines+markers",
        line={"color": POSITIVE, "width": 2},
        error_y=whiskers(figures, colour=POSITIVE),
    )
    everything = line(
        "everything flagged",
        thresholds,
        [point.everything for point in points],
        NEGATIVE,
        dash="dash",
        hover="net benefit %{y:.4~r}<br>threshold %{x:.3~g}<extra>everything flagged</extra>",
    )
    nothing = line("nothing flagged", [0, 1], [0, 0], dash="dot", width=1.4)
    best = max(point.everything for point in points)
    layout = {
        "xaxis": axis("threshold of probability", range=[0, 1]),
        "yaxis": axis("net benefit per candidate", range=[-0.3 * best, 1.15 * best]),
    }
    return Chart([everything, nothing, drawn], layout, height=400)
