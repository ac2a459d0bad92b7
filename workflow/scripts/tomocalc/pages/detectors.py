"""The page that sets detectors beside the run's own candidates and model."""

from __future__ import annotations

from collections.abc import Sequence

from tomocalc.accounts.detectors import Detectors, FoundBy, System
from tomocalc.detectors.catalogue import TITLES
from tomocalc.evaluation.detectors import CHAIN
from tomocalc.evaluation.froc import RATES
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import UNIT, Chart, axis, line
from tomocalc.pages.curves import ON_FROC, SHOWN_RATE
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import few_cases
from tomocalc.pages.palette import SERIES
from tomocalc.pages.words import badge_of

ADDRESS = "comparison/detectors.html"
NAMES = {CHAIN: "candidates and model of this run"} | TITLES
KINDS = ("calcifications", "clusters")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def detectors_page(account: Detectors, *, source: str) -> str:
    """Return the page; *source* of the run."""
    return render_page(
        "detectors",
        links=navigation(ADDRESS, run_pages()),
        badge=badge_of(source),
        packages=("numpy", "plotly", "polars"),
        account=account,
        names=NAMES,
        few=few_cases(account.patients_with_calcifications, "patient", "annotated calcifications"),
        rates=RATES,
        shown=[
            (kind, found, _chart(found, kind)) for kind in KINDS if (found := _of(account, kind))
        ],
    )


def _of(account: Detectors, kind: str) -> list[tuple[System, FoundBy]]:
    """Return the systems that were measured on one kind of findings."""
    pairs = [(system, getattr(system, kind)) for system in account.systems]
    return [(system, found) for system, found in pairs if found is not None]


def _chart(systems: Sequence[tuple[System, FoundBy]], kind: str) -> Chart:
    """Return one free-response curve per system."""
    data = [
        line(
            NAMES[system.name],
            [0, *found.curve.false_per_volume],
            [0, *found.curve.sensitivity],
            colour,
            dash=dash,
            width=3.0 if system.name == CHAIN else 2.0,
            hover=f"{ON_FROC}<extra>%{{fullData.name}}</extra>",
        )
        for (system, found), colour, dash in zip(systems, SERIES, DASHES, strict=False)
    ]
    layout = {
        "xaxis": axis("false marks per volume", range=[-0.2, SHOWN_RATE], zeroline=False),
        "yaxis": axis(f"share of {kind} found", **UNIT),
    }
    return Chart(data, layout, height=460)
