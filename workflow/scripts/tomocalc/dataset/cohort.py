"""What is doubtful about the volumes of a cohort seen together: who they are, and whose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from tomocalc.accounts.doubts import Doubt, refused
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.prediction import VolumeScores
from tomocalc.errors import raise_all
from tomocalc.identity import patients_of_studies
from tomocalc.sections import DoubtsSection

MANY_STUDIES = 4
"""Studies of one patient above which the id may stand for many women."""

CohortVolume = VolumeManifest | VolumeScores
"""What a volume tells of itself to the others: identity, study, content and doubts."""

Volumes = Collection[CohortVolume]


def cohort_doubts(volumes: Volumes) -> dict[str, tuple[Doubt, ...]]:
    """Return the doubts of every volume: its own, and those that the others raise.

    Volumes of different patients in which the very same was found have the same pixels. A
    patient with many studies may be a stand-in for many. Studies with several patients are one
    woman under several ids.
    """
    found = {volume.volume_id: [*volume.doubts] for volume in volumes}
    for volume, count in _same_pixels(volumes):
        found[volume].append(Doubt(code="same_pixels", values={"others": count}))
    for volume, count in _many_studies(volumes):
        found[volume].append(Doubt(code="many_studies", values={"studies": count}))
    for volume, count in _shared_studies(volumes):
        found[volume].append(Doubt(code="study_shared", values={"patients": count}))
    return {name: tuple(doubts) for name, doubts in found.items()}


def check_cohort(volumes: Volumes, image: DoubtsSection) -> dict[str, tuple[Doubt, ...]]:
    """Return the doubts of every volume, or refuse the cohort.

    Parameters
    ----------
    image
        ``doubts`` and ``allowed_doubts`` of the configuration.

    Raises
    ------
    TomocalcError
        ``E103`` for a study of several patients, unless it is allowed: a split could part them.
        ``E209`` for a doubt that is refused.
    """
    if "study_shared" not in image["allowed_doubts"]:
        whose = ((one.volume_id, one.patient_id, one.study) for one in volumes)
        raise_all(list(patients_of_studies(whose)))
    found = cohort_doubts(volumes)
    faults = (refused(doubts, image, f"volume {name}") for name, doubts in found.items())
    raise_all([fault for some in faults for fault in some])
    return found


def _same_pixels(volumes: Volumes) -> Iterable[tuple[str, int]]:
    groups: defaultdict[str, list[CohortVolume]] = defaultdict(list)
    for volume in volumes:
        if volume.content:
            groups[volume.content].append(volume)
    for group in groups.values():
        if len({volume.patient_id for volume in group}) > 1:
            yield from ((volume.volume_id, len(group) - 1) for volume in group)


def _many_studies(volumes: Volumes) -> Iterable[tuple[str, int]]:
    studies: defaultdict[str, set[str]] = defaultdict(set)
    for volume in volumes:
        studies[volume.patient_id] |= {volume.study} - {""}
    for volume in volumes:
        count = len(studies[volume.patient_id])
        if count > MANY_STUDIES:
            yield volume.volume_id, count


def _shared_studies(volumes: Volumes) -> Iterable[tuple[str, int]]:
    patients: defaultdict[str, set[str]] = defaultdict(set)
    for volume in volumes:
        patients[volume.study].add(volume.patient_id)
    for volume in volumes:
        count = len(patients[volume.study])
        if volume.study and count > 1:
            yield volume.volume_id, count
