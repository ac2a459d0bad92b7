"""Clusters of calcifications: a density rule, the features of a cluster, and rated marks."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.neighbours import Neighbours, Rule, close_pairs, cluster_numbers, nearest
from tomocalc.tables import Column, schema

CLUSTERS = (
    Column("volume_id", pl.String(), "", "volume, as in the sheet"),
    Column("cluster_id", pl.Int32(), "", "cluster, numbered within its volume from 0"),
    Column("patient_id", pl.String(), "", "patient, as in the sheet"),
    Column("part", pl.String(), "", "part of the split that the patient belongs to"),
    Column("count", pl.Int32(), "", "candidates in the cluster"),
    Column(
        "annotated", pl.Int32(), "", "members that lie on an annotated finding; null if unknown"
    ),
    Column("extent_mm", pl.Float64(), "mm", "largest distance of two members in the slice plane"),
    Column("density_per_cm2", pl.Float64(), "1/cm²", "members per area of a disc of that width"),
    Column("nearest_mm", pl.Float64(), "mm", "mean distance of a member to its nearest other"),
    Column("probability_max", pl.Float64(), "", "largest probability of a member"),
    Column("probability_mean", pl.Float64(), "", "mean probability of the members"),
    Column("slice_first", pl.Int32(), "", "first slice of best focus of a member"),
    Column("slice_last", pl.Int32(), "", "last slice of best focus of a member"),
    Column("slices_spanned", pl.Int32(), "", "slices from the first to the last"),
    Column("row", pl.Float64(), "px", "centre, row: mean of the members"),
    Column("column", pl.Float64(), "px", "centre, column"),
    Column("slice", pl.Float64(), "", "centre, slice"),
)
"""Columns of ``clusters.parquet``; sorted by (volume_id, cluster_id)."""

MOST = 2000
"""Candidates of a volume, the likeliest first, of which marks are made: bounds the memory."""

DIRECTIONS = 180
"""In which an extent is measured, one degree apart: at most 0.004 % short."""


@dataclass(frozen=True)
class Marks:
    """Places that the model marks as clusters, with the threshold from which on each is one.

    Parameters
    ----------
    rating
        The highest threshold at which the mark is a cluster.
    members
        Of each mark, the rows of the candidates that make it one.
    """

    rating: NDArray[np.float64]
    members: list[NDArray[np.int64]]


def find_clusters(candidates: pl.DataFrame, rule: Rule, *, threshold: float) -> pl.DataFrame:
    """Return the clusters among the candidates of at least *threshold*.

    Parameters
    ----------
    candidates
        One row per candidate: volume_id, patient_id, part, candidate_id, row_mm, col_mm,
        depth_mm, centroid_row, centroid_col, slice, probability; label where it is known.

    Returns
    -------
    polars.DataFrame
        Columns `CLUSTERS`.
    """
    called = candidates.filter(pl.col("probability") >= threshold)
    lines = []
    for volume in called.sort("volume_id", "candidate_id").partition_by(
        "volume_id", maintain_order=True
    ):
        number = cluster_numbers(places_mm(volume), rule)
        lines += [
            cluster_line(volume.filter(pl.Series(number == cluster)), cluster, rule)
            for cluster in range(number.max() + 1)
        ]
    return pl.DataFrame(lines, schema=schema(CLUSTERS))


def cluster_marks(candidates: pl.DataFrame, rule: Rule) -> Marks:
    """Return rated marks of one volume, for curves over all thresholds.

    The level of a candidate is the highest threshold at which it is a core of `cluster_numbers`:
    the smaller of its own probability and the n-th largest within the distance, n being
    ``rule.calcifications``. A mark is a candidate without one of a higher level (of equals, an
    earlier one) within the distance. So a mark is born where, as the threshold falls, a cluster
    appears out of reach of the ones that exist. At each threshold every cluster holds at least
    one mark of that rating or more, and two where it grew together from two.

    Parameters
    ----------
    candidates
        One row per candidate of the volume, as in `find_clusters`.
    """
    probability = candidates["probability"].to_numpy()
    order = np.argsort(-probability, kind="stable")[:MOST]  # likeliest first
    probability = probability[order]
    near = Neighbours.of(places_mm(candidates)[order], rule.distance_mm)
    level = _levels(probability, near, rule.calcifications)
    rank = np.empty(len(order), np.int64)
    rank[np.lexsort((np.arange(len(order)), -level))] = np.arange(len(order))
    first_near = np.minimum.reduceat(rank[near.row], near.start[:-1])
    seeds = np.flatnonzero((first_near == rank) & np.isfinite(level))
    seeds = seeds[np.argsort(rank[seeds])]
    around = [near.row[near.start[seed] : near.start[seed + 1]] for seed in seeds]
    return Marks(
        level[seeds],
        [
            order[rows[probability[rows] >= level[seed]]]
            for seed, rows in zip(seeds, around, strict=True)
        ],
    )


def places_mm(candidates: pl.DataFrame) -> NDArray[np.float64]:
    """Return row, column and depth in mm, (candidate, axis)."""
    return candidates.select("row_mm", "col_mm", "depth_mm").to_numpy().astype(np.float64)


def _levels(
    probability: NDArray[np.float64], near: Neighbours, calcifications: int
) -> NDArray[np.float64]:
    """Return every candidate's level, minus infinity where there are too few around.

    *probability* falls from row to row, so that the n-th likeliest of a neighbourhood is its
    n-th row.
    """
    level = np.full(len(probability), -math.inf)
    dense = np.diff(near.start) >= calcifications
    nth = near.row[near.start[:-1][dense] + calcifications - 1]
    level[dense] = np.minimum(probability[dense], probability[nth])
    return level


def cluster_line(members: pl.DataFrame, number: int, rule: Rule) -> dict[str, Any]:
    """Return the line of one cluster: what `CLUSTERS` says of its *members*."""
    place = places_mm(members)
    extent = _extent(place[:, :2])
    pairs = close_pairs(place, place, rule.distance_mm)
    away = nearest(pairs.only(pairs.row != pairs.other))
    slices = members["slice"].to_numpy()
    first, last = int(slices.min()), int(slices.max())
    return {
        **{name: members[name][0] for name in ("volume_id", "patient_id", "part")},
        "cluster_id": number,
        "count": members.height,
        "annotated": members["label"].sum() if "label" in members.columns else None,
        "extent_mm": extent,
        "density_per_cm2": members.height / (math.pi * (extent / 20) ** 2) if extent else None,
        "nearest_mm": float(np.sqrt(away.squared).mean()) if away.row.size else None,
        "probability_max": float(members["probability"].to_numpy().max()),
        "probability_mean": float(members["probability"].to_numpy().mean()),
        "slice_first": first,
        "slice_last": last,
        "slices_spanned": last - first + 1,
        "row": float(members["centroid_row"].to_numpy().astype(np.float64).mean()),
        "column": float(members["centroid_col"].to_numpy().astype(np.float64).mean()),
        "slice": float(slices.mean()),
    }


def _extent(points_mm: NDArray[np.float64]) -> float:
    """Return the largest distance of two points of a plane: their widest shadow."""
    angle = np.arange(DIRECTIONS) * math.pi / DIRECTIONS
    shadow = points_mm @ np.stack([np.cos(angle), np.sin(angle)])  # (point, direction)
    return float(np.ptp(shadow, axis=0).max())


def cluster_table(members: pl.DataFrame, spacing: Mapping[str, float], rule: Rule) -> pl.DataFrame:
    """Return one line per cluster of *members*, with its probability; columns `CLUSTERS`.

    Parameters
    ----------
    members
        Rows of clusters with ``part`` and ``probability``.
    spacing
        Of the slices, in mm, by volume.
    """
    depth = pl.col("volume_id").replace_strict(spacing, return_dtype=pl.Float64)
    placed = members.with_columns(
        slice=pl.col("member_slice"), depth_mm=depth * pl.col("member_slice")
    )
    keys = ["volume_id", "candidate_id"]
    groups = placed.sort(*keys, "slice").partition_by(keys, as_dict=True, maintain_order=True)
    lines = [cluster_line(rows, number, rule) for (_, number), rows in groups.items()]
    return pl.DataFrame(lines, schema=schema(CLUSTERS))
