"""The leakage audit of one split: what the parts share, what tells the label, the verdict."""

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from tomocalc.accounts.leakage import PartCounts, SplitAudit, worst
from tomocalc.audit import sharing
from tomocalc.audit.association import associations
from tomocalc.audit.features import (
    features_alone,
    features_of_patients,
    features_together,
    too_good,
)
from tomocalc.audit.nearness import near_copies
from tomocalc.audit.part_copies import between_rows, disguised, part_copies
from tomocalc.audit.preparation import prepared
from tomocalc.audit.rows import SplitRows
from tomocalc.sections import PARTS

PERMUTATIONS = 999


def audit_split(rows: SplitRows, *, permutations: int = PERMUTATIONS, seed: int = 0) -> SplitAudit:
    """Audit one split; ``pages/checks.tsv`` says what each check can and cannot see.

    Without *permutations* only what the parts share is judged, not what names and order tell.
    """
    found = [
        *sharing.same_patients(rows),
        sharing.named_by_side(rows),
        sharing.two_names(rows),
        sharing.same_rows(rows),
        *sharing.copies(rows),
        part_copies(rows),
        disguised(rows),
        between_rows(rows),
        near_copies(rows),
        sharing.repeats(rows),
    ]
    alone = features_alone(rows)
    checks = [
        *(check for check, _ in found),
        sharing.unnamed(rows),
        sharing.unassigned(rows),
        *sharing.learned_from(rows),
        *sharing.unlabelled(rows),
        *(associations(rows, permutations=permutations, seed=seed) if permutations else []),
        *too_good(alone, rows),
        *features_of_patients(rows),
        *features_together(rows, alone),
        *prepared(rows),
    ]
    shared = [one for _, some in found for one in some]
    parts = {name: rows.part(name) for name in PARTS}
    return SplitAudit(
        verdict=worst(checks),
        parts={
            name: PartCounts(
                rows=held.height,
                positives=int((held["label"] == 1).sum()),
                patients=held.filter(held["patient"] != "")["patient"].n_unique(),
            )
            for name, held in parts.items()
        },
        patients_named=rows.named,
        checks=checks,
        features=alone,
        shared=shared,
    )


def rows_of_split(
    splits: pl.DataFrame,
    candidates: pl.DataFrame,
    *,
    used: Sequence[str],
    whole: bool,
    taught: Mapping[str, Collection[str]] | None = None,
) -> SplitRows:
    """Return the uses of candidates by a split of this workflow.

    Parameters
    ----------
    splits
        Rows of ``splits.parquet``.
    candidates
        One row per candidate: volume_id, candidate_id, site and the *used* features.
    whole
        Whether every candidate should be in a part; otherwise duplicates were dropped on purpose.
    taught
        As `SplitRows` has it.
    """
    key = ["volume_id", "candidate_id"]
    frame = splits.join(candidates.select(*key, "site", *used), on=key, maintain_order="left")
    named = frame.select(
        pl.format("{}/{}", "volume_id", "candidate_id").alias("row"),
        pl.col("patient_id").fill_null("").alias("patient"),
        "part",
        "label",
        pl.col("volume_id").alias("volume"),
        pl.col("site").fill_null(""),
        *used,
    )
    missing = candidates.join(splits.select(key).unique(), on=key, how="anti").height
    return SplitRows(
        named,
        list(used),
        ["volume", "site"],
        unassigned=missing if whole else 0,
        taught=taught or {},
    )
