"""The list of measured volumes, one file for what follows to depend on; and the cohort's doubts."""

import os
from collections import defaultdict
from collections.abc import Collection, Sequence
from pathlib import Path

from tomocalc.accounts.doubts import Doubt, refused
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.prediction import VolumeScores
from tomocalc.errors import fault, quoted, raise_all
from tomocalc.files import file_sha256, sheet_rows, sheet_text, write_text
from tomocalc.identity import patients_of_studies
from tomocalc.image.shards import read_manifest, remains
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
    same: defaultdict[str, list[str]] = defaultdict(list)
    studies: defaultdict[str, set[str]] = defaultdict(set)
    patients: defaultdict[str, set[str]] = defaultdict(set)
    for volume in volumes:
        same[volume.content].append(volume.patient_id)
        studies[volume.patient_id] |= {volume.study} - {""}
        patients[volume.study].add(volume.patient_id)
    for volume in volumes:
        doubts, twins = found[volume.volume_id], same[volume.content]
        if volume.content and len({*twins}) > 1:
            doubts.append(Doubt(code="same_pixels", values={"others": len(twins) - 1}))
        if (count := len(studies[volume.patient_id])) > MANY_STUDIES:
            doubts.append(Doubt(code="many_studies", values={"studies": count}))
        if volume.study and (count := len(patients[volume.study])) > 1:
            doubts.append(Doubt(code="study_shared", values={"patients": count}))
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


COLUMNS = (
    "volume_id",
    "patient_id",
    "slices",
    "candidates",
    "quarantined",
    "doubts",
    "manifest",
    "sha256",
)
"""Of the sheet; doubts by their codes, manifests relative to its folder, with their checksums."""


def write_listing(path: str | Path, manifests: Sequence[str]) -> int:
    """List volumes, sorted by their id, and return how many there are.

    Parameters
    ----------
    path
        Of the sheet.
    manifests
        Of the volumes.
    """
    folder = Path(path).parent
    read = {manifest: read_manifest(manifest).lean() for manifest in manifests}
    doubts = cohort_doubts(read.values())
    rows = []
    for manifest, facts in read.items():
        rows.append(
            {
                "volume_id": facts.volume_id,
                "patient_id": facts.patient_id,
                "slices": facts.slices,
                "candidates": facts.candidates,
                "quarantined": len(facts.quarantined),
                "doubts": " ".join(doubt.code for doubt in doubts[facts.volume_id]),
                "manifest": os.path.relpath(manifest, folder),
                "sha256": file_sha256(manifest),
            }
        )
    write_text(path, sheet_text(COLUMNS, sorted(rows, key=lambda row: row["volume_id"])))
    return len(rows)


def listed_manifests(path: str | Path | None) -> list[str]:
    """Return the manifests of a list, each compared with its checksum; none without a list.

    Raises
    ------
    TomocalcError
        ``E301`` for a manifest that is missing or altered.
    """
    if path is None:
        return []
    folder = Path(path).parent
    return [checked(folder / row["manifest"], row["sha256"]) for row in sheet_rows(path)]


def listed_volumes(path: str | Path | None) -> list[str]:
    """Return the ids of the listed volumes; none without a list."""
    return [] if path is None else [row["volume_id"] for row in sheet_rows(path)]


def checked(path: Path, sha256: str) -> str:
    """Return the path of a volume's file, once its content is seen to be the listed one.

    Raises
    ------
    TomocalcError
        ``E301`` when it is missing or altered.
    """
    path = Path(os.path.normpath(path))
    if not path.is_file() or file_sha256(path) != sha256:
        why = "it is missing or differs from the checksum in the list of volumes"
        raise fault("volume_file_unusable", path, why, files=quoted(*remains(path)))
    return str(path)
