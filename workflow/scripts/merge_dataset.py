"""Merge the shards of all volumes, or a finished table, into one labelled data set."""

import logging
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import polars as pl

from tomocalc.config import load_schema
from tomocalc.dataset.feature_table import CANDIDATE, read_feature_table
from tomocalc.dataset.labels import label_candidates
from tomocalc.dataset.quality import ACCOUNTED, quality_account
from tomocalc.dataset.shards import read_manifest, read_volume_rows
from tomocalc.errors import TomocalcError
from tomocalc.files import write_json
from tomocalc.log import log_to
from tomocalc.parquet import parquet_stream
from tomocalc.sheets import read_annotations
from tomocalc.tables import schema

log = logging.getLogger("tomocalc.merge_dataset")


def main(
    *,
    source: str,
    manifests: list[str],
    annotations: str | None,
    annotations_schema: str,
    table: str | None,
    columns: dict[str, Any],
    features: list[str],
    labels: dict[str, Any],
    dataset: dict[str, Any],
    candidates: str,
    quality: str,
) -> None:
    """Write ``candidates.parquet`` and its quality account.

    Parameters
    ----------
    manifests, annotations, annotations_schema
        Shard manifests and the sheet of annotations with its schema.
    table, columns
        A finished table and the map of its columns; used instead when given.
    features
        Features that decide whether two candidates are equal.
    labels, dataset
        Sections of the configuration.
    """
    facts: dict[str, Any] = {}
    with parquet_stream(candidates, pl.Schema(schema(CANDIDATE))) as append:
        if table is None:
            assert annotations is not None
            facts = _merge_volumes(
                manifests, annotations, annotations_schema, labels, dataset, append
            )
        else:
            rows, dropped = read_feature_table(
                table,
                header=columns["header"],
                features=columns["features"],
                label=columns["label"],
                positive=columns["positive"],
                patient_id=columns["patient_id"],
                site=columns["site"],
                unlabelled=labels["unlabelled"],
            )
            append(rows)
            facts["unlabelled_dropped"] = dropped
    merged = pl.read_parquet(candidates, columns=ACCOUNTED)
    account = quality_account(
        merged, source=source, used=features, duplicates=dataset["duplicates"]
    )
    write_json(quality, account | facts)
    log.info("%d candidates, %d positive", account["candidates"], account["positives"])


def _merge_volumes(
    paths: list[str],
    annotations: str,
    annotations_schema: str,
    labels: dict[str, Any],
    dataset: dict[str, Any],
    append: Callable[[pl.DataFrame], None],
) -> dict[str, Any]:
    manifests = sorted(
        ((path, read_manifest(path)) for path in paths), key=lambda item: item[1]["volume_id"]
    )
    volumes = [manifest for _, manifest in manifests]
    slices = _slice_account(volumes, dataset["max_bad_fraction"])
    findings = read_annotations(annotations, load_schema(annotations_schema), volumes)
    by_volume: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for number, finding in enumerate(findings):
        by_volume[finding["volume_id"]].append({**finding, "finding_id": number})
    matched = 0
    for manifest, shard_rows in _read_ahead(manifests):
        row_mm, col_mm = manifest["pixel_spacing_mm"]
        rows, found = label_candidates(
            shard_rows,
            by_volume[manifest["volume_id"]],
            pixel_spacing_mm=(row_mm, col_mm),
            tolerance_mm=labels["tolerance_mm"],
            slice_tolerance=labels["slice_tolerance"],
        )
        matched += len(found)
        append(rows.with_columns(site=pl.lit(manifest["site"] or "")))
    return {
        "annotations": {
            "total": len(findings),
            "matched": matched,
            "unmatched": len(findings) - matched,
            "volumes_without_annotation": sum(
                not by_volume[volume["volume_id"]] for volume in volumes
            ),
        },
        "slices": slices,
    }


def _read_ahead(
    manifests: list[tuple[str, dict[str, Any]]],
) -> Iterator[tuple[dict[str, Any], pl.DataFrame]]:
    """Yield every manifest with its volume's rows, reading the next volume meanwhile."""
    with ThreadPoolExecutor(1) as reader:
        waiting: deque[tuple[dict[str, Any], Future[pl.DataFrame]]] = deque()
        for path, manifest in manifests:
            waiting.append((manifest, reader.submit(read_volume_rows, path, manifest)))
            if len(waiting) > 1:
                ready, rows = waiting.popleft()
                yield ready, rows.result()
        for ready, rows in waiting:
            yield ready, rows.result()


def _slice_account(volumes: list[dict[str, Any]], max_bad_fraction: float) -> dict[str, int]:
    slices = {
        "total": sum(volume["slices"] for volume in volumes),
        "without_objects": sum(
            fact["objects"] == 0 for volume in volumes for fact in volume["slice_facts"]
        ),
        "quarantined": sum(len(volume["quarantined"]) for volume in volumes),
    }
    if slices["quarantined"] > max_bad_fraction * slices["total"]:
        raise TomocalcError(
            "E306",
            what="too many slices are quarantined",
            where="results/qc/quarantine.tsv",
            why=f"{slices['quarantined']} of {slices['total']} slices could not be read",
            fix="mend the listed files, or raise dataset.max_bad_fraction",
        )
    return slices


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        source=snakemake.params.source,
        manifests=list(snakemake.input.get("manifests", [])),
        annotations=snakemake.input.get("annotations"),
        annotations_schema=snakemake.input.annotations_schema,
        table=snakemake.input.get("table"),
        columns=snakemake.params.columns,
        features=snakemake.params.features,
        labels=snakemake.params.labels,
        dataset=snakemake.params.dataset,
        candidates=snakemake.output.candidates,
        quality=snakemake.output.quality,
    )
