"""The leakage audit of one split: what the parts share, what tells the label, the verdict."""

from __future__ import annotations

import numpy as np

from tomocalc.accounts.leakage import Check, FeatureAlone, PartCounts, SplitAudit, Verdict, worst
from tomocalc.audit.association import associations
from tomocalc.audit.nearness import near_copies
from tomocalc.audit.rows import PARTS, SplitRows
from tomocalc.audit.sharing import copies, repeats, same_patients, same_rows, unassigned, unnamed
from tomocalc.metrics import auroc

TOO_GOOD = 0.99
"""AUROC of one feature from which on it is asked whether it is the label in another form."""
PERMUTATIONS = 999
SHOWN = 1000
"""Shared rows that an account lists; ``shared.tsv`` has all."""


def audit_split(rows: SplitRows, *, permutations: int = PERMUTATIONS, seed: int = 0) -> SplitAudit:
    """Audit one split; see `tomocalc.audit.words` for what each check can and cannot see."""
    found = [*same_patients(rows), same_rows(rows), copies(rows), near_copies(rows), repeats(rows)]
    alone = features_alone(rows)
    checks = [
        *(check for check, _ in found),
        unnamed(rows),
        unassigned(rows),
        *associations(rows, permutations=permutations, seed=seed),
        *_too_good(alone, rows),
    ]
    shared = [one for _, some in found for one in some]
    return SplitAudit(
        verdict=worst(checks),
        parts={name: _counts(rows, name) for name in PARTS},
        patients_named=rows.named,
        checks=checks,
        features=alone,
        shared=shared,
        shared_total=len(shared),
    )


def features_alone(rows: SplitRows) -> list[FeatureAlone]:
    """Return the AUROC of every feature alone, best first; rows that lack it do not count."""
    found = []
    for place, name in enumerate(rows.features):
        values = rows.numbers[:, place]
        known = ~np.isnan(values)
        label = rows.label[known]
        if 0 < label.sum() < len(label):
            value = auroc(label, values[known])
            found.append(FeatureAlone(feature=name, auroc=max(value, 1 - value)))
    return sorted(found, key=lambda one: (-one.auroc, one.feature))


def _too_good(alone: list[FeatureAlone], rows: SplitRows) -> list[Check]:
    return [
        Check(
            name="feature_alone",
            subject=one.feature,
            verdict=Verdict.CAUTION,
            count=1,
            of=len(rows.features),
            value=one.auroc,
        )
        for one in alone
        if one.auroc > TOO_GOOD
    ] or [Check(name="feature_alone", verdict=Verdict.CLEAN, count=0, of=len(rows.features))]


def _counts(rows: SplitRows, part: str) -> PartCounts:
    held = rows.part(part)
    return PartCounts(
        rows=held.height,
        positives=int((held["label"] == 1).sum()),
        patients=held.filter(held["patient"] != "")["patient"].n_unique(),
    )
