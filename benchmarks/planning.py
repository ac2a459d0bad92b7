"""Whether a planned study keeps its promise: pilots, plans and studies of simulated patients.

    python benchmarks/planning.py [STUDIES]

Every time a new pilot of 40 patients with and 40 without calcifications is drawn, a study is
planned from it for a power of 80 %, drawn at the planned size from the same population, and
evaluated as any test part is. *reached*: share of studies that reach what was wanted; its standard
error is 1.3 % of 1,000 studies.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import polars as pl
from measuring import head
from scipy.special import ndtr

from tomocalc.evaluation.weighted import figures_left_out
from tomocalc.study.planning import plan_study

PILOT = 40
MEANS = (1.6, 1.3)
"""Of the two scores of calcifications, in standard deviations of a row's noise."""
PATIENT = 0.5
"""Standard deviation of what a patient adds to all of her scores."""
ALIKE = 0.49
"""Correlation of the two scores of a row."""


def cohort(generator: np.random.Generator, ill: int, well: int) -> pl.DataFrame:
    """Return patients with 2 or more candidates each, 40 % of the ill ones' calcifications."""
    patients = ill + well
    rows = 2 + generator.poisson(6, patients)
    who = np.repeat(np.arange(patients), rows)
    first = np.diff(who, prepend=-1) != 0
    label = ((generator.random(len(who)) < 0.4) | first) & (who < ill)
    shared = generator.normal(0, PATIENT, patients)[who]
    shared = shared + generator.normal(0, ALIKE**0.5, len(who))
    scores = [
        mean * label + shared + generator.normal(0, (1 - ALIKE) ** 0.5, len(who)) for mean in MEANS
    ]
    return pl.DataFrame(
        {"label": label.astype(np.int8), "patient_id": who, "probability": scores[0]}
    ).with_columns(other=pl.Series(scores[1]))


@dataclass(frozen=True)
class Wanted:
    """What a study is planned for."""

    what: str
    half_width: float | None
    lead: float | None
    other: str | None


TRUTH = [float(ndtr(mean / (2 * (1 + PATIENT**2)) ** 0.5)) for mean in MEANS]


def reached(wanted: Wanted, study: pl.DataFrame) -> bool:
    """Evaluate a study as a test part is, and return whether it reaches what is wanted."""
    label = study["label"].to_numpy()
    group = study["patient_id"].to_numpy().astype(np.int32)
    here, there = (
        figures_left_out(label, study[name].to_numpy(), group, threshold=0.0)
        for name in ("probability", "other")
    )
    if wanted.half_width is not None:
        found = here.figure("auroc", 0.95)
        assert found.low is not None
        assert found.high is not None
        return (found.high - found.low) / 2 <= wanted.half_width
    low = here.lead_over(there, "auroc", 0.95).low
    return low is not None and low > 0


def main(studies: int) -> None:
    """Print how often planned studies reach what was wanted."""
    print(f"AUROC {TRUTH[0]:.3f} and {TRUTH[1]:.3f}; {studies} studies a row\n", flush=True)
    print(head("wanted", "promised", "reached", "patients planned: median", "5 % to 95 %"))
    lead = TRUTH[0] - TRUTH[1]
    for wanted in (
        Wanted(f"a lead of {lead:.3f}", None, lead, "other"),
        Wanted("half a width of 0.03", 0.03, None, None),
    ):
        hits, sizes = [], []
        for seed in range(studies):
            generator = np.random.default_rng([seed, 7])
            plan = plan_study(
                cohort(generator, PILOT, PILOT),
                half_width=wanted.half_width,
                lead=wanted.lead,
                other=wanted.other,
                studies=400,
                seed=seed,
            )
            study = cohort(generator, plan.with_calcifications, plan.without)
            hits.append(reached(wanted, study))
            sizes.append(plan.with_calcifications + plan.without)
        low, middle, high = np.quantile(sizes, (0.05, 0.5, 0.95))
        print(
            f"| {wanted.what} | 0.80 | {np.mean(hits):.3f} | {middle:.0f} "
            f"| {low:.0f} to {high:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
