"""``tomocalc plan``: how many patients a study needs."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any) -> None:
    """Add the command to the sub-commands of a parser."""
    plan = commands.add_parser(
        "plan",
        help="say how many patients a study needs",
        description="Say how many patients a study of the AUROC needs, by playing it many times "
        "with the patients of a pilot.",
    )
    plan.set_defaults(run=_plan)
    plan.add_argument("pilot", help="table with a row per candidate: label, patient and score")
    wanted = plan.add_mutually_exclusive_group(required=True)
    wanted.add_argument("--half-width", type=float, help="of the interval of the AUROC")
    wanted.add_argument("--lead", type=float, help="in AUROC over --other that is to be seen")
    plan.add_argument("--score", default="probability", metavar="COLUMN")
    plan.add_argument("--other", metavar="COLUMN", help="score of the other model")
    plan.add_argument("--label", default="label", metavar="COLUMN", help="1 is positive")
    plan.add_argument("--patient", default="patient_id", metavar="COLUMN")
    plan.add_argument("--share", type=float, help="of patients with calcifications; the pilot's")
    plan.add_argument("--power", type=float, default=0.8)
    plan.add_argument("--confidence", type=float, default=0.95)
    plan.add_argument("--seed", type=int, default=0)


def _plan(given: argparse.Namespace) -> int:
    # here: --help need not wait for what computes
    from tomocalc.study.planning import plan_study

    found = plan_study(
        given.pilot,
        half_width=given.half_width,
        lead=given.lead,
        score=given.score,
        other=given.other,
        label=given.label,
        patient=given.patient,
        share=given.share,
        power=given.power,
        confidence=given.confidence,
        seed=given.seed,
    )
    print(  # noqa: T201
        f"{found.with_calcifications:,} patients with calcifications and {found.without:,} "
        f"without: {found.power:.0%} of such studies reach it.\n"
        f"Pilot: {found.pilot[0]:,} with and {found.pilot[1]:,} without, AUROC {found.auroc:.3f}"
        + ("." if found.lead is None else f", lead {found.lead:+.3f}.")
    )
    return 0
