"""Who is in the phantom cohort: ids, sides, and which breasts hold calcifications.

The standard library suffices: Snakemake imports this module while it builds the DAG.
"""

import math
from typing import Literal, TypedDict

from tomocalc.files import stable_number
from tomocalc.sections import PhantomSection

VIEW = "CC"
SIDES = ("L", "R")
BLOCK = 4
"""Patients whose calcified breasts are drawn together, so that every block is balanced."""


class Shown(TypedDict):
    """Whose breast an image shows."""

    volume_id: str
    patient_id: str
    laterality: str
    """L or R."""


class PhantomVolume(Shown):
    """One breast of the cohort: the keys of a row of ``volumes.tsv``, and its class."""

    view: str
    calcified: bool
    outcome: Literal["benign", "malignant"] | None


def phantom_volumes(settings: PhantomSection, seed: int) -> list[PhantomVolume]:
    """List the volumes of the cohort, in order of patient and side.

    Patients are taken in blocks of `BLOCK`. The share of calcified volumes is kept in every
    block (to less than one volume, the remainder being carried on), and which ones they are
    follows a hash of seed and volume id: some patients have both breasts calcified, some none.
    A block is drawn whole even where the cohort ends inside it, so that adding a patient changes
    nobody else.

    Parameters
    ----------
    settings
        The ``phantom`` section of the configuration: ``patients`` (number) and
        ``calcified_fraction`` (of volumes, 0..1), ``malignant_fraction`` (of these, or None for
        calcifications without an outcome).
    seed
        The configuration's ``seed``.
    """
    count = int(settings["patients"])
    fraction, malignant = float(settings["calcified_fraction"]), settings["malignant_fraction"]
    rows: list[PhantomVolume] = []
    for block in range(-(-count // BLOCK)):
        rows += _block(block, fraction, malignant, seed)
    return rows[: count * len(SIDES)]


def _block(block: int, fraction: float, malignant: float | None, seed: int) -> list[PhantomVolume]:
    size = BLOCK * len(SIDES)
    patients = [f"P{block * BLOCK + index + 1:03d}" for index in range(BLOCK)]
    volumes = [(patient, side, f"{patient}-{side}{VIEW}") for patient in patients for side in SIDES]
    ranked = sorted((volume[2] for volume in volumes), key=lambda id_: stable_number(seed, id_))
    calcified = ranked[: _share(block, size, fraction)]
    outcome: dict[str, Literal["benign", "malignant"]] = {}
    if malignant is not None:
        drawn = sorted(calcified, key=lambda id_: stable_number(seed, id_, "outcome"))
        sick = _share(block, len(drawn), malignant)
        outcome = {id_: "malignant" if i < sick else "benign" for i, id_ in enumerate(drawn)}
    return [
        PhantomVolume(
            volume_id=volume_id,
            patient_id=patient,
            laterality=side,
            view=VIEW,
            calcified=volume_id in calcified,
            outcome=outcome.get(volume_id),
        )
        for patient, side, volume_id in volumes
    ]


def _share(block: int, size: int, fraction: float) -> int:
    """Return how many of a block's *size* make up a *fraction*, the remainder being carried on."""
    return math.floor((block + 1) * size * fraction + 0.5) - math.floor(
        block * size * fraction + 0.5
    )
