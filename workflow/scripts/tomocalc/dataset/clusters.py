"""Clusters as rows of the data set: one row per member, nearest to the centre first.

A cluster stands where a candidate stands otherwise and its members where slices do:
``candidate_id`` numbers the clusters of a volume, ``slice`` is a member's rank by its distance to
the centre, and rank 0 is the row of ``focus``. All that follows the merge then works as it is.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.quality import ClusterCounts
from tomocalc.cells import LINE
from tomocalc.dataset.cluster_features import cluster_features
from tomocalc.dataset.labels import Objects
from tomocalc.errors import fault
from tomocalc.neighbours import ClusterSettings, cluster_numbers
from tomocalc.reader_terms import opinion_on
from tomocalc.sections import Finding, LabelsSection, lines_of
from tomocalc.tables import CLUSTER_FEATURES, MEMBER, READER, SHARD, names, schema

MEMBER_ROWS = SHARD + MEMBER + CLUSTER_FEATURES + READER
"""Columns of the rows of clusters, before they are labelled."""
NO_OPINION = opinion_on([])


def found_clusters(
    rows: pl.DataFrame, settings: ClusterSettings, *, slice_spacing_mm: float
) -> pl.DataFrame:
    """Return the clusters that the density rule finds, as rows of `MEMBER_ROWS`.

    Parameters
    ----------
    rows
        Shard rows of a volume.
    """
    spots = settings.possible(rows)
    number = cluster_numbers(places_mm(spots, slice_spacing_mm), settings.rule)
    groups = [spots.filter(pl.Series(number == one)) for one in range(number.max(initial=-1) + 1)]
    return _stacked([_member_rows(group, slice_spacing_mm) for group in groups])


def annotated_clusters(
    rows: pl.DataFrame,
    annotations: Sequence[Finding],
    manifest: VolumeManifest,
    settings: ClusterSettings,
    labels: LabelsSection,
) -> tuple[pl.DataFrame, ClusterCounts]:
    """Return the clusters of a volume whose outcome is known, labelled, and how many there are.

    Where the sheet outlines a cluster, the candidates inside are its members; among all others the
    density rule forms clusters, whose outcome is that of the annotated calcifications in them:
    malignant where one of them is.

    Parameters
    ----------
    rows
        Shard rows with the ``finding_id`` of the annotation that a candidate lies in.
    annotations
        Findings of the volume, each with ``finding_id``, ``kind`` and ``pathology``.
    labels
        Section of the configuration.

    Returns
    -------
    rows, counts
        `MEMBER_ROWS` with ``label`` (1: malignant) and ``finding_id``.

    Raises
    ------
    TomocalcError
        ``E303`` for a benign outline around a calcification that is annotated as malignant.
    """
    spots, spacing = settings.possible(rows), manifest.slice_spacing_mm
    objects = Objects.of(rows, manifest.pixel_spacing_mm)
    groups: list[tuple[pl.DataFrame, str | None, list[int]]] = []
    empty = 0
    for finding in (one for one in annotations if one["kind"] == "cluster"):
        inside = objects.within(finding, labels["tolerance_mm"], labels["slice_tolerance"])
        held = pl.col("candidate_id").is_in(sorted(set(objects.candidate[inside].tolist())))
        _check_outcome(finding, annotations, objects, labels["slice_tolerance"])
        members, spots = spots.filter(held), spots.filter(~held)
        empty += not members.height
        if members.height:
            groups.append((members, finding["pathology"], [finding["finding_id"]]))
    outlined = len(groups)
    known = {one["finding_id"]: one for one in annotations}
    number = cluster_numbers(places_mm(spots, spacing), settings.rule)
    strange = 0
    for one in range(number.max(initial=-1) + 1):
        members = spots.filter(pl.Series(number == one))
        findings = members["finding_id"].drop_nulls().unique().sort().to_list()
        outcomes = {known[finding]["pathology"] for finding in findings} - {None}
        strange += not findings
        if findings:
            outcome = "malignant" if "malignant" in outcomes else next(iter(outcomes), None)
            groups.append((members, outcome, findings))
    made = [
        _member_rows(
            members, spacing, opinion_on(one for name in findings for one in lines_of(known[name]))
        ).with_columns(
            label=pl.lit(outcome == "malignant").cast(pl.Int8),
            finding_id=pl.lit(findings[0], pl.Int32),
        )
        for members, outcome, findings in groups
        if outcome is not None
    ]
    counts = ClusterCounts(
        outlined=outlined,
        formed=len(groups) - outlined,
        unknown=len(groups) - len(made),
        without_members=empty,
        without_finding=strange,
    )
    return _stacked(made, label=pl.Int8(), finding_id=pl.Int32()), counts


def _check_outcome(
    outline: Finding, annotations: Sequence[Finding], objects: Objects, slices: int
) -> None:
    """Refuse a benign outline around a malignant calcification, where a candidate lies in both."""
    inside = objects.within(outline, 0.0, slices)
    for one in annotations if outline["pathology"] == "benign" else ():
        malignant = one["kind"] == "calcification" and one["pathology"] == "malignant"
        if malignant and (inside & objects.within(one, 0.0, slices)).any():
            where = f"annotation sheet, lines {outline[LINE]} and {one[LINE]}"
            why = f"a malignant calcification of {one['volume_id']} lies in a benign cluster"
            raise fault("annotations_contradict", where, why)


def places_mm(members: pl.DataFrame, slice_spacing_mm: float) -> NDArray[np.float64]:
    """Return row, column and depth in mm, (member, axis)."""
    depth = pl.col("slice") * slice_spacing_mm
    return members.select("row_mm", "col_mm", depth).to_numpy().astype(np.float64)


def _member_rows(
    members: pl.DataFrame,
    slice_spacing_mm: float,
    opinion: Mapping[str, float | None] = NO_OPINION,
) -> pl.DataFrame:
    """Return the members of one cluster in their order, with its features on every row."""
    place = places_mm(members, slice_spacing_mm)
    away = np.linalg.norm(place - place.mean(axis=0), axis=1)
    order = np.lexsort((members["candidate_id"].to_numpy(), away))
    whole = cluster_features(members, place)
    ranked = members[order].with_columns(
        member_id=pl.col("candidate_id"),
        member_slice=pl.col("slice"),
        centre_distance_mm=pl.Series(away[order], dtype=pl.Float32),
        slice=pl.int_range(pl.len(), dtype=pl.Int32),
        focus=pl.int_range(pl.len()) == 0,
        **{name: pl.lit(value, pl.Float32) for name, value in {**whole, **opinion}.items()},
    )
    return ranked.select(names(MEMBER_ROWS))


def _stacked(clusters: list[pl.DataFrame], **more: pl.DataType) -> pl.DataFrame:
    """Put clusters one below the other, numbered from 0; the columns are there without any."""
    numbered = [
        rows.with_columns(candidate_id=pl.lit(number, pl.Int32))
        for number, rows in enumerate(clusters)
    ]
    return pl.concat([pl.DataFrame(schema={**schema(MEMBER_ROWS), **more}), *numbered])
