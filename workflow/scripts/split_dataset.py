"""Split the candidates by one protocol, or as the user's file says, and audit what is shared."""

from typing import Any

import polars as pl

from tomocalc.accounts.leakage import Balanced, Counts, SplitAccount
from tomocalc.audit.audit import audit_split, rows_of_split
from tomocalc.audit.own_split import read_own_split
from tomocalc.dataset.feature_table import raw_table
from tomocalc.dataset.splits import split_by, usable_candidates
from tomocalc.delimited import LINE
from tomocalc.log import run
from tomocalc.parquet import read_parquet, write_parquet
from tomocalc.sections import SplitSection, TableSection


def main(
    *,
    candidates: str,
    protocol: str,
    features: list[str],
    duplicates: str,
    seed: int,
    settings: SplitSection,
    splits: str,
    account: str,
    own: str | None = None,
    table: str | None = None,
    columns: TableSection | None = None,
    parts: dict[str, str] | None = None,
) -> None:
    """Write ``splits.parquet`` and the account of its parts and leaks.

    Parameters
    ----------
    own
        The user's split file, for protocol ``own``; nothing is dropped from it.
    table, columns
        The finished table that it is about, and of its section ``header`` and ``patient_id``.
    protocol
        ``honest``, ``paper`` or ``own``.
    features
        Features the model reads; they decide which candidates are equal.
    duplicates
        ``drop`` or ``keep``.
    settings
        The ``split`` section of the configuration.
    parts
        Part of every patient, where a search has learned from some of them.
    """
    everything = read_parquet(candidates)
    keep = "keep" if protocol == "own" else duplicates
    focus = usable_candidates(everything, used=features, duplicates=keep)
    if protocol == "own":
        assert own is not None
        of_table: dict[str, Any] = {}
        if table is not None:
            assert columns is not None
            cells = raw_table(table, header=columns["header"]).drop(LINE)
            of_table = {"table": cells, "patient": columns["patient_id"]}
        rows = read_own_split(own, focus, folds=settings["folds"], seed=seed, **of_table)
    else:
        rows = split_by(protocol, focus, seed=seed, settings=settings, parts=parts)
    write_parquet(splits, rows, {"protocol": protocol, "seed": str(seed)})
    SplitAccount(
        protocol=protocol,
        seed=seed,
        grouped_by="patient" if (focus["patient_id"] != "").all() else "feature vector",
        before=count(everything.filter("focus")),
        parts={
            part: count(rows.filter(pl.col("part") == part))
            for part in ("train", "validation", "test")
        },
        oversampled=Balanced(**oversampled_counts(rows)),
        audit=audit_split(
            rows_of_split(rows, focus, used=features, whole=protocol == "own"), permutations=0
        ),
    ).write(account)


def count(rows: pl.DataFrame) -> Counts:
    """Count the rows of a part, or of all candidates."""
    return Counts(
        rows=rows.height,
        candidates=rows.select("volume_id", "candidate_id").n_unique(),
        positives=int((rows["label"] == 1).sum()),
        patients=rows.filter(pl.col("patient_id") != "")["patient_id"].n_unique(),
    )


def oversampled_counts(splits: pl.DataFrame) -> dict[str, int]:
    """Return the class counts that the training part has once it is balanced by repetition."""
    largest = int(splits.filter(pl.col("part") == "train")["label"].value_counts()["count"].max())  # type: ignore[arg-type]
    return {"positives": largest, "negatives": largest}


if __name__ == "__main__":
    run(main, snakemake)
