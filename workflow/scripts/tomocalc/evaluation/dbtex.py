"""The metric of the DBTex challenges, as published.

Sources: Konz et al., JAMA Netw. Open 6 (2023) e230524, and the organisers' code
(mazurowski-lab/duke-dbt-data, function ``evaluate``), which counts a centre at exactly the
limit as a hit. A mark within reach of several boxes hits one of them, and there are two rules
for which: the code since January 2021 takes the nearest, the challenge's own results took the
first of the list (the organisers in that repository's issue 6). Both are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
import numpy as np

from tomocalc.accounts.findings import Dbtex, DbtexFigures, DbtexRate, DbtexRules
from tomocalc.evaluation.findings import Box
from tomocalc.evaluation.froc import FALSE, FreeResponse

RATES = np.array([1.0, 2.0, 3.0, 4.0])
"""False marks per volume whose sensitivities are averaged."""

TIE_BREAK = 2.0
"""False marks per volume of the second metric."""

LEAST_PX = 100.0
"""A mark this close to the centre of a box lies on it, however small the box."""

SLICE_SHARE = 0.25
"""Of the volume's slices, by which a mark's slice may be off."""

BoxRule = Literal["nearest", "first"]
"""Which of several boxes a mark hits: the nearest, or the first in the list of annotations."""


@dataclass(frozen=True)
class Mark:
    """A place that the model marks: volume, centre (px, slice) and score."""

    volume: int
    row: float
    column: float
    slice: float
    score: float


@dataclass(frozen=True)
class Lesion:
    """A biopsied finding: volume and box."""

    volume: int
    box: Box


def match(mark: Mark, lesions: Sequence[Lesion], slices: int, rule: BoxRule) -> int:
    """Return the place in *lesions* of the one that a mark lies on, or `FALSE`.

    It lies on one when its centre is at most half the box's diagonal, or 100 pixels, from the
    centre of the box, and its slice at most a quarter of the volume's *slices* from the box's.

    Parameters
    ----------
    lesions
        Of the mark's volume, in the order of the sheet.
    rule
        Of several it is the ``nearest``, distances being taken over pixels and slices alike, as
        published, or the ``first``.
    """
    nearest, least = FALSE, np.inf
    for number, lesion in enumerate(lesions):
        row, column = lesion.box.centre
        height, width = lesion.box.bottom - lesion.box.top, lesion.box.right - lesion.box.left
        across = float(np.hypot(mark.row - row, mark.column - column))
        deep = 0.0 if lesion.box.slice is None else abs(mark.slice - lesion.box.slice)
        reach = max(float(np.hypot(height, width)) / 2, LEAST_PX)
        distance = float(np.hypot(across, deep))
        if across <= reach and deep <= slices * SLICE_SHARE and distance < least:
            nearest, least = number, distance
            if rule == "first":
                break
    return nearest


def dbtex(
    marks: Sequence[Mark],
    lesions: Sequence[Lesion],
    *,
    slices: Sequence[int],
    patient: Sequence[int],
    pixel_mm: Sequence[float],
    confidence: float,
    biopsied: bool = True,
    formed: int = 0,
) -> Dbtex:
    """Return both metrics with intervals by leaving out one patient at a time.

    Parameters
    ----------
    marks, lesions
        Of all volumes; there must be a lesion.
    slices, patient, pixel_mm
        Of every volume: how many slices it has, the number of its patient, its spacing.
    biopsied, formed
        Of the *lesions*, as the account says them.
    """
    with_lesion = np.zeros(len(slices), bool)
    with_lesion[[lesion.volume for lesion in lesions]] = True
    on_these = np.array([with_lesion[mark.volume] for mark in marks], bool)

    def by(rule: BoxRule) -> DbtexFigures:
        everywhere = _response(marks, lesions, slices, patient, rule)
        positive = everywhere.select(on_these, with_lesion)
        # as published: points where a mark hits, and the ends, whichever volumes are looked at
        hits = np.unique(everywhere.rating[everywhere.finding >= 0])[::-1]
        thresholds = np.concatenate([[np.inf], hits, [-np.inf]])
        at_rates = positive.at(thresholds).figures(RATES, confidence)
        (tie_break,) = everywhere.at(thresholds).figures(np.array([TIE_BREAK]), confidence)
        return DbtexFigures(
            mean_sensitivity=float(np.mean([one.value or 0.0 for one in at_rates])),
            sensitivity_at=[
                DbtexRate(false_per_volume=float(rate), **msgspec.structs.asdict(one))
                for rate, one in zip(RATES, at_rates, strict=True)
            ],
            tie_break=tie_break,
        )

    return Dbtex(
        lesions=len(lesions),
        volumes=len(slices),
        volumes_with_lesion=int(with_lesion.sum()),
        patients_with_lesion=len({patient[lesion.volume] for lesion in lesions}),
        marks=len(marks),
        marks_per_volume=len(marks) / len(slices),
        rules=DbtexRules(nearest=by("nearest"), first=by("first")),
        biopsied=biopsied,
        formed=formed,
        least_mm=(LEAST_PX * min(pixel_mm), LEAST_PX * max(pixel_mm)),
    )


def _response(
    marks: Sequence[Mark],
    lesions: Sequence[Lesion],
    slices: Sequence[int],
    patient: Sequence[int],
    rule: BoxRule,
) -> FreeResponse:
    of_volume: dict[int, list[int]] = {}
    for number, lesion in enumerate(lesions):
        of_volume.setdefault(lesion.volume, []).append(number)
    finding = []
    for mark in marks:
        numbers = of_volume.get(mark.volume, [])
        hit = match(mark, [lesions[number] for number in numbers], slices[mark.volume], rule)
        finding.append(FALSE if hit == FALSE else numbers[hit])
    return FreeResponse(
        rating=np.array([mark.score for mark in marks], np.float64),
        finding=np.array(finding, np.int64),
        patient=np.array([patient[mark.volume] for mark in marks], np.int64),
        finding_patient=np.array([patient[lesion.volume] for lesion in lesions], np.int64),
        volume_patient=np.array(patient, np.int64),
    )
