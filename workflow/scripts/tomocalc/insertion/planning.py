"""Choose what is put into a volume and where, before anything is measured in it."""

import logging
from collections.abc import Iterable

import msgspec
import numpy as np

from tomocalc.accounts.insertion import InsertionPlan
from tomocalc.errors import fault
from tomocalc.insertion.brightness import SettledGroup, bodies_of
from tomocalc.insertion.drawing import Drawn, InsertionSettings, draw_distractor, draw_members
from tomocalc.insertion.motion import find_motion
from tomocalc.insertion.patches import geometry_of
from tomocalc.insertion.room import Room, annotated_regions, look
from tomocalc.phantom.findings import place
from tomocalc.phantom.settings import stream
from tomocalc.readers.volume import Volume
from tomocalc.sections import Finding

log = logging.getLogger(__name__)

TRIALS = 60
"""Places that are tried for a cluster."""
MARGIN_MM = 3.0
"""Of a cluster's middle to the border: its calcifications then find places in the breast."""
SQUARE = 0.01
"""Largest relative difference of pixel height and width."""


def plan_insertion(
    volume: Volume,
    *,
    volume_id: str,
    where: str,
    calcified: bool,
    settings: InsertionSettings,
    seed: int,
    annotations: Iterable[Finding] = (),
    slice_tolerance: int = 1,
) -> InsertionPlan:
    """Choose clusters, where *calcified*, and distractors for one volume.

    Equal arguments and an equal volume give an equal plan, whatever else is in the study.

    Parameters
    ----------
    where
        File or pattern, for messages.
    annotations
        Lines of the sheet that name the volume; nothing changes where they lie.

    Raises
    ------
    TomocalcError
        ``E205`` for pixels that are not square, ``E210`` for an unknown geometry, ``E211`` where
        the breast is too small, ``E212`` where annotated findings leave no room.
    """
    header = volume.header
    if abs(header.spacing_mm[0] / header.spacing_mm[1] - 1) > SQUARE:
        why = (
            f"they are {header.spacing_mm[0]:g} x {header.spacing_mm[1]:g} mm, and objects are "
            "put into square ones only"
        )
        raise fault("pixels_not_square", where, why)
    breasts, air = look(volume, where)
    motion, doubts = find_motion(
        volume,
        breasts[len(breasts) // 2][1],
        half_angle_deg=settings.half_angle_deg,
        projections=settings.projections,
        where=where,
    )
    plan = InsertionPlan(
        volume_id=volume_id,
        slices=header.slices,
        rows=header.rows,
        columns=header.columns,
        pixel_spacing_mm=header.spacing_mm[0],
        slice_spacing_mm=header.slice_spacing_mm,
        highest=2**header.bits - 1,
        air=air,
        linear=settings.gain is not None,
        motion=motion,
        doubts=doubts,
        groups=(),
    )
    regions = annotated_regions(volume, volume_id, annotations, slice_tolerance)
    room = Room(geometry_of(plan), breasts, air, regions)
    rng = stream(seed, volume_id, "insertion")
    few, many = settings.clusters
    count = int(rng.integers(few, many + 1)) if calcified else 0
    drawn = [_cluster(rng, number + 1, room, settings, where) for number in range(count)]
    # A stream of their own: distractors stay where they are when clusters change.
    others = stream(seed, volume_id, "distractors")
    drawn += _distractors(others, room, settings)
    stored = [source.stored for source in volume.sources()]
    groups = tuple(SettledGroup(volume, room, plan, settings, one).settled(stored) for one in drawn)
    return msgspec.structs.replace(plan, groups=groups)


def _cluster(
    rng: np.random.Generator, number: int, room: Room, settings: InsertionSettings, where: str
) -> list[Drawn]:
    """Draw a cluster at a place that is free."""
    covered = False
    for _ in range(TRIALS):
        middle = place(rng, geometry=room.geometry, inside=room.inside, margin=MARGIN_MM)
        if middle is None:
            break
        drawn = draw_members(rng, number, middle, settings, room)
        bodies = bodies_of(drawn)
        if room.covers_annotated(bodies):
            covered = True
        elif room.takes(bodies):
            return drawn
    if covered:
        why = f"a cluster would cover what is annotated in this volume, at {TRIALS} places"
        raise fault("no_room_beside_findings", where, why)
    why = f"no place for cluster {number} lies {MARGIN_MM + 1:g} mm from skin and border"
    raise fault("no_room", where, why)


def _distractors(
    rng: np.random.Generator, room: Room, settings: InsertionSettings
) -> list[list[Drawn]]:
    wanted, found = int(rng.poisson(settings.distractors)), list[list[Drawn]]()
    for _ in range(wanted):
        for _ in range(TRIALS // 6):
            one = draw_distractor(rng, settings, room)
            bodies = bodies_of([one] if one else [])
            if one and not room.covers_annotated(bodies) and room.takes(bodies):
                found.append([one])
                break
    if len(found) < wanted:
        log.info("%d of %d distractors found a place", len(found), wanted)
    return found
