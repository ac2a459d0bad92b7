"""Recall of what was put into volumes, by diameter and contrast, with chance and intervals."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tomocalc.accounts.detection import LimitCell, LimitExample, SiteLimit, StageLimit
from tomocalc.accounts.insertion import InsertedObject, InsertionPlan
from tomocalc.evaluation.coverage import SmallObjects, mirrored
from tomocalc.evaluation.jackknife import share_by_patient
from tomocalc.image.breast import Outline
from tomocalc.sections import Place

DIAMETERS_MM = (0.0, 0.2, 0.3, 0.45, 0.7, 3.0)
CONTRASTS = (0.0, 0.15, 0.25, 0.4, 0.65)
"""Edges of the cells; the last contrast has no upper end."""
EXAMPLES = 6
"""Of each kind."""


@dataclass(frozen=True)
class Case:
    """One calcification that was put in.

    Attributes
    ----------
    found
        Whether an object, or a candidate that the model calls, lies on it.
    chance
        The same for every place that mirrors it.
    """

    volume_id: str
    patient_id: str
    site: str
    what: InsertedObject
    found: bool
    chance: tuple[bool, ...]


def cases_of(
    plan: InsertionPlan,
    objects: SmallObjects,
    outline: Outline | None,
    *,
    patient_id: str,
    site: str,
    others: Iterable[Place] = (),
) -> Iterator[Case]:
    """Yield the calcifications of one volume, and whether *objects* cover them.

    Parameters
    ----------
    objects
        What one stage of the chain has found.
    others
        Annotated findings. No place that is counted for chance may touch them, nor a calcification
        that was put in; it may lie on a distractor, as on a vessel. The index counts these places.
    """
    calcifications = [
        one for group in plan.groups for one in group.objects if one.kind == "calcification"
    ]
    places = [_place(one, plan.pixel_spacing_mm) for one in calcifications]
    taken = [*places, *others]
    for one, place in zip(calcifications, places, strict=True):
        mirrors = mirrored(place, outline, taken) if outline else []
        yield Case(
            volume_id=plan.volume_id,
            patient_id=patient_id,
            site=site,
            what=one,
            found=objects.cover(place),
            chance=tuple(objects.cover(place, shift) for shift in mirrors),
        )


def _place(one: InsertedObject, pixel_spacing_mm: float) -> Place:
    radius = max(one.diameter_mm / 2 / pixel_spacing_mm, 1.0)
    return Place(slice=one.slice, x=one.x, y=one.y, radius=radius, width=0.0, height=0.0, mask=None)


def stage_limit(stage: str, cases: Sequence[Case], confidence: float) -> StageLimit:
    """Return recall in every cell of diameter and contrast, and of all."""
    tops: tuple[float | None, ...] = (*CONTRASTS[1:], None)
    diameters = list(pairwise(DIAMETERS_MM))
    contrasts = list(zip(CONTRASTS, tops, strict=True))
    cells = [
        _cell(cases, confidence, diameter, contrast)
        for diameter in diameters
        for contrast in contrasts
    ]
    return StageLimit(stage=stage, cells=tuple(cells), all=_cell(cases, confidence, None, None))


def site_limits(cases: Sequence[Case], confidence: float) -> tuple[SiteLimit, ...]:
    """Return recall by site; nothing where there is one site only."""
    sites = sorted({case.site for case in cases})
    if len(sites) < 2:
        return ()
    return tuple(
        SiteLimit(
            site=site,
            all=_cell([case for case in cases if case.site == site], confidence, None, None),
        )
        for site in sites
    )


def _cell(
    cases: Sequence[Case],
    confidence: float,
    diameter: tuple[float, float] | None,
    contrast: tuple[float, float | None] | None,
) -> LimitCell:
    def holds(what: InsertedObject) -> bool:
        if diameter and not diameter[0] <= what.diameter_mm < diameter[1]:
            return False
        if contrast is None:
            return True
        top = np.inf if contrast[1] is None else contrast[1]
        return bool(contrast[0] <= what.contrast < top)

    mine = [case for case in cases if holds(case.what)]
    mirrors = [(case.patient_id, hit) for case in mine for hit in case.chance]
    return LimitCell(
        diameter_mm=diameter,
        contrast=contrast,
        objects=len(mine),
        found=sum(case.found for case in mine),
        patients=len({case.patient_id for case in mine}),
        recall=share_by_patient([(case.patient_id, case.found) for case in mine], confidence),
        chance=share_by_patient(mirrors, confidence),
        chance_objects=len(mirrors),
    )


def examples(cases: Sequence[Case]) -> tuple[LimitExample, ...]:
    """Return the faintest calcifications that were found and the clearest that were not.

    By their contrast to noise; one of a volume, so that no single one fills the page.
    """
    by_noise: Callable[[Case], float] = lambda case: case.what.contrast_to_noise  # noqa: E731
    faint = sorted((case for case in cases if case.found), key=by_noise)
    clear = sorted((case for case in cases if not case.found), key=by_noise, reverse=True)
    return tuple(
        LimitExample(
            volume_id=case.volume_id,
            slice=case.what.slice,
            x=case.what.x,
            y=case.what.y,
            diameter_mm=case.what.diameter_mm,
            contrast=case.what.contrast,
            contrast_to_noise=case.what.contrast_to_noise,
            found=case.found,
        )
        for ranked in (faint, clear)
        for case in _one_each(ranked)
    )


def _one_each(cases: Iterable[Case]) -> list[Case]:
    first: dict[str, Case] = {}
    for case in cases:
        first.setdefault(case.volume_id, case)
    return list(first.values())[:EXAMPLES]
