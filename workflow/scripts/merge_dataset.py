"""Merge the shards of all volumes, or a finished table, into one labelled data set."""

import logging
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import msgspec
import polars as pl

from tomocalc.dataset.annotations import read_findings
from tomocalc.dataset.clusters import MEMBER_ROWS
from tomocalc.dataset.croissant import describe_dataset
from tomocalc.dataset.feature_table import candidate_columns, read_feature_table
from tomocalc.dataset.listing import listed_manifests
from tomocalc.dataset.quality import quality_account, validate
from tomocalc.dataset.volumes import merge_volumes
from tomocalc.errors import fault
from tomocalc.files import file_sha256
from tomocalc.log import run
from tomocalc.neighbours import ClusterSettings
from tomocalc.parquet import parquet_stream
from tomocalc.sections import (
    ClustersSection,
    DatasetSection,
    DoubtsSection,
    LabelsSection,
    TableSection,
)
from tomocalc.tables import LABELS, READER, names, schema

log = logging.getLogger("tomocalc.merge_dataset")


def main(
    *,
    source: str,
    manifests: list[str],
    annotations: str | None = None,
    table: str | None = None,
    columns: TableSection,
    features: list[str],
    labels: LabelsSection,
    dataset: DatasetSection,
    image: DoubtsSection,
    candidates: str,
    quality: str,
    croissant: str,
    data_root: str | None = None,
    clusters: ClustersSection | None = None,
) -> None:
    """Write ``candidates.parquet``, its description and its quality account.

    Parameters
    ----------
    manifests, annotations
        Shard manifests and the sheet of annotations.
    table, columns
        A finished table and the map of its columns; used instead when given.
    features
        Features that decide whether two candidates are equal.
    labels, dataset, image
        Sections of the configuration; of the last ``doubts`` and ``allowed_doubts``.
    data_root
        Folder that the masks of the annotations are in, or None.
    clusters
        Section of the configuration, where rows are to be clusters; else None.
    """
    missing = dataset["impute"] != "none"
    if table is not None:  # a feature that the map leaves out is the column of that name
        columns = {**columns, "features": {name: name for name in features} | columns["features"]}
    held = candidate_columns(features if table is None else columns["features"])
    settings = ClusterSettings.of(clusters) if clusters and table is None else None
    held = held if settings is None else MEMBER_ROWS + LABELS
    with parquet_stream(candidates, pl.Schema(schema(held))) as append:

        def append_valid(rows: pl.DataFrame) -> None:
            # an opinion is in the data set where the model is to read it, and nowhere else
            unasked = set(names(READER)).intersection(rows.columns) - set(features)
            rows = rows.with_columns(pl.lit(None, pl.Float32).alias(name) for name in unasked)
            validate(rows, needed=features, missing=missing)
            append(rows)

        if table is None:
            assert annotations is not None
            findings = partial(read_findings, annotations, data_root=data_root)
            facts = merge_volumes(
                manifests,
                findings,
                sheet=annotations,
                others=partial(findings, others=True),
                labels=labels,
                max_bad_fraction=dataset["max_bad_fraction"],
                image=image,
                append=append_valid,
                clusters=settings,
            )
            if source == "phantom":  # as every page says
                facts["dataset_doubts"] = []
        else:
            asked: dict[str, Any] = {"needed": features, "filled": missing}
            facts = merge_table(table, columns, labels["unlabelled"], append=append_valid, **asked)
    describe_dataset(croissant, candidates, held, source=source)
    account = quality_account(
        pl.scan_parquet(candidates),
        source=source,
        used=features,
        duplicates=dataset["duplicates"],
        impute=dataset["impute"],
        merged=facts,
    )
    account.write(quality)
    log.info("%d candidates, %d positive", account.candidates, account.positives)


def merge_table(
    table: str,
    columns: TableSection,
    unlabelled: str,
    *,
    append: Callable[[pl.DataFrame], None],
    needed: Collection[str] = (),
    filled: bool = False,
) -> dict[str, Any]:
    """Pass the rows of a finished table to *append*; return how many others it has.

    *needed* and *filled* are those of `read_feature_table`.

    Raises
    ------
    TomocalcError
        ``E208`` when the table differs from its checksum, where *columns* gives one.
    """
    expected = columns["sha256"]
    if expected and (seen := file_sha256(table)) != expected:
        raise fault("table_checksum_differs", table, f"its SHA-256 is {seen}, not {expected}")
    rows, facts = read_feature_table(
        table, columns, unlabelled=unlabelled, needed=needed, filled=filled
    )
    append(rows)
    if facts.other_labels:
        column, count = columns["label"], facts.other_labels
        log.warning("column %s: %d rows of other labels left out", column, count)
    return {
        "unlabelled_dropped": facts.unlabelled,
        "other_labels_dropped": facts.other_labels,
        "dataset_doubts": msgspec.to_builtins(facts.doubts),
    }


if __name__ == "__main__":
    run(main, snakemake, manifests=lambda: listed_manifests(snakemake.input.get("volumes")))
