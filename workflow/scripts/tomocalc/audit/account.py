"""The leakage audit of one split: what the parts share, what tells the label, the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import msgspec
import numpy as np
import polars as pl

from tomocalc.accounts.split import Sharing
from tomocalc.audit.identifiers import Association, associations
from tomocalc.dataset.leakage import leakage_facts
from tomocalc.metrics import auroc
from tomocalc.wording.numbers import share
from tomocalc.wording.verdicts import TOO_GOOD, patients_shared, too_good

NEAR_SHARE = 0.05
"""Share of test rows with a near-duplicate in the training part that calls for caution."""
VERDICTS = ("clean", "caution", "leaks")
"""From good to bad."""


def audit_split(
    splits: pl.DataFrame,
    focus: pl.DataFrame,
    *,
    used: list[str],
    source: str,
    permutations: int,
    seed: int,
) -> dict[str, Any]:
    """Audit one split.

    Parameters
    ----------
    splits
        Rows of ``splits.parquet``.
    focus
        One row per candidate: volume_id, candidate_id, site and the *used* features.
    used
        Features the models read.
    source
        ``phantom``, ``volumes`` or ``table``.

    Returns
    -------
    dict
        ``parts`` (rows and calcifications), ``sharing`` as `leakage_facts` has it,
        ``identifiers``, ``single_features`` (AUROC of each alone, in either direction),
        ``verdict`` and its ``reasons``.
    """
    sharing = leakage_facts(splits, focus, used=used)
    keys = ["volume_id", "candidate_id"]
    rows = splits.join(focus.select(*keys, "site", *used), on=keys, maintain_order="left")
    found = associations(rows, permutations=permutations, seed=seed)
    features = single_features(rows, used)
    named = bool((splits["patient_id"] != "").all())
    once = rows.unique(["volume_id", "candidate_id"])
    level, reasons = verdict(
        sharing,
        found,
        too_good(
            [one["feature"] for one in features if one["auroc"] > TOO_GOOD],
            source=source,
            others=int((once["label"] == 0).sum()),
        ),
        patients_named=named,
    )
    return {
        "parts": {
            part: {
                "rows": (splits["part"] == part).sum(),
                "positives": ((splits["part"] == part) & (splits["label"] == 1)).sum(),
            }
            for part in ("train", "validation", "test")
        },
        "sharing": msgspec.to_builtins(sharing),
        "patients_named": named,
        "identifiers": [asdict(one) | {"telling": one.telling} for one in found],
        "single_features": features,
        "verdict": level,
        "reasons": reasons,
    }


def single_features(rows: pl.DataFrame, used: Sequence[str]) -> list[dict[str, Any]]:
    """Return the AUROC of every feature alone, or of its negative where that is better.

    Every candidate counts once; those that lack the feature do not count.
    """
    once = rows.unique(["volume_id", "candidate_id"], maintain_order=True)
    found = []
    for name in used:
        known = once.filter(pl.col(name).is_not_null() & pl.col(name).is_not_nan())
        label = known["label"].to_numpy().astype(np.float64)
        if not 0 < label.sum() < len(label):
            continue
        value = auroc(label, known[name].to_numpy().astype(np.float64))
        found.append({"feature": name, "auroc": max(value, 1 - value)})
    return sorted(found, key=lambda one: (-one["auroc"], one["feature"]))


def verdict(
    sharing: Sharing,
    identifiers: Sequence[Association],
    features: str,
    *,
    patients_named: bool,
) -> tuple[str, list[str]]:
    """Return ``clean``, ``caution`` or ``leaks``, and why, in plain words, what leaks first.

    A split leaks when a patient stands on both sides, or where patients are not named, a row
    that is identical in every used feature. It calls for caution when something could leak, or
    when an identifier or one feature tells too much; *features* is the sentence on those.
    """
    leaks, cautions = [], []
    copies, patients = sharing.test_rows_with_copy_in_train, sharing.shared_patients
    if sharing.verdict == "leaks":
        if patients:
            leaks.append(patients_shared(patients))
        leaks += [
            f"{share(copied)} of the {word} in the test part have an identical copy among "
            "the rows that the models learn from."
            for copied, word in (
                (copies.positive, "calcifications"),
                (copies.negative, "other candidates"),
            )
            if copied > 0
        ]
    elif copies.all > 0:
        cautions.append(
            f"{copies.all:.1%} of the test rows equal a row of another patient in every feature."
        )
    if not patients_named:
        cautions.append(
            "The data name no patients, so candidates of one patient may stand on both sides."
        )
    near = sharing.near_duplicates
    if near.share > NEAR_SHARE:
        cautions.append(
            f"{share(near.share)} of the test rows have a near-duplicate among the rows that "
            f"the models learn from: no feature differs by more than {near.distance} standard "
            "deviations."
        )
    cautions += [
        f"{one.identifier.replace('_id', '').capitalize()} alone, without any feature, tells the "
        f"labels of the test part with an AUROC of {one.auroc:.2f}. It must not reach a model."
        for one in identifiers
        if one.telling
    ]
    if features:
        cautions.append(features)
    level = VERDICTS[2 if leaks or sharing.verdict == "leaks" else 1 if cautions else 0]
    return level, [*leaks, *cautions]
