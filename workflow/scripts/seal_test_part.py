"""Freeze the test part of the run's split, or make sure that it is the one that was frozen."""

from collections.abc import Sequence

import polars as pl

from tomocalc.accounts.seal import FrozenPart
from tomocalc.dataset.annotations import own_lines
from tomocalc.dataset.listing import listed_manifests
from tomocalc.errors import fault
from tomocalc.evaluation.images import patient_parts
from tomocalc.image.shards import read_manifest
from tomocalc.log import run
from tomocalc.parquet import read_parquet
from tomocalc.sections import SplitSection
from tomocalc.study.seal import freeze, part_of_rows, part_of_volumes

KEY = ["volume_id", "candidate_id"]


def main(
    *,
    candidates: str,
    splits: str,
    manifests: Sequence[str],
    annotations: str | None = None,
    split: SplitSection,
    seed: int,
    seal: str | None,
    part: str,
    data_root: str | None = None,
) -> None:
    """Write what the test part holds to *part*, and into the *seal* where there is none.

    Parameters
    ----------
    manifests, annotations
        Of all volumes, and the sheet of annotations; a table has neither.
    split, seed
        As in the evaluation: they place patients of whom nothing was found.
    data_root
        Folder that the masks of the annotations are in, or None.

    Raises
    ------
    TomocalcError
        ``E309`` when the sealed test part is another one, ``E101`` when no seal is named.
    """
    if seal is None:
        raise fault("no_seal_named", "configuration key evaluation.seal", "it names no file")
    parts = read_parquet(splits)
    test = parts.filter(pl.col("part") == "test").select(*KEY).unique()
    if annotations is None:
        found = _of_table(read_parquet(candidates), test)
    else:
        volumes = [read_manifest(path) for path in manifests]
        patients = sorted({volume.patient_id for volume in volumes})
        of_patient = patient_parts(patients, parts, split=split, seed=seed) or {}
        named = set(test["volume_id"])
        names = [volume.volume_id for volume in volumes]
        findings = own_lines(annotations, data_root, names)
        found = part_of_volumes(
            [
                volume
                for volume in volumes
                if volume.volume_id in named or of_patient.get(volume.patient_id) == "test"
            ],
            findings,
        )
    freeze(seal, found)
    found.write(part)


def _of_table(candidates: pl.DataFrame, test: pl.DataFrame) -> FrozenPart:
    """Return the test rows of a table, without what is empty because they are no volumes."""
    rows = candidates.join(test, on=KEY, how="semi").sort(KEY)
    known = [name for name in rows.columns if rows[name].null_count() < rows.height]
    return part_of_rows(rows.select(known), label="label", patient="patient_id")


if __name__ == "__main__":
    run(main, snakemake, manifests=lambda: listed_manifests(snakemake.input.get("volumes")))
