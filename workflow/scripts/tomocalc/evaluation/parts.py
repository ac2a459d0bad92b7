"""Which volumes belong to the test part, also those in which nothing was found."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl


def patient_parts(
    patients: Sequence[str], splits: pl.DataFrame, *, split: Mapping[str, Any], seed: int
) -> dict[str, str] | None:
    """Return the part of every patient; None when the split is not by patient.

    A patient without any candidate is not in *splits*, but must be counted: their findings are
    missed, and their volumes are free of false marks. They are drawn into a part with the
    chances of the split's fractions, by a number that follows from their name and the seed
    alone, whatever was found in them or in others. They cannot leak, because nothing is learnt
    from a volume without candidates.

    Parameters
    ----------
    patients
        Of all volumes.
    split
        The ``split`` section of the configuration: validation_fraction, test_fraction.
    """
    known = splits.select("patient_id", "part").unique()
    if known["patient_id"].n_unique() < known.height or (known["patient_id"] == "").any():
        return None
    parts = dict(known.iter_rows())
    return {patient: parts.get(patient) or _drawn(patient, split, seed) for patient in patients}


def _drawn(patient: str, split: Mapping[str, Any], seed: int) -> str:
    text = hashlib.sha256(f"{seed} {patient}".encode()).digest()
    chance = int.from_bytes(text[:8], "big") / 2**64
    if chance < split["test_fraction"]:
        return "test"
    if chance < split["test_fraction"] + split["validation_fraction"]:
        return "validation"
    return "train"
