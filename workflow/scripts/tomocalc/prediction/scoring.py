"""Scores of a volume's candidates, its clusters, and the volume itself."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from tomocalc.accounts.manifest import VolumeManifest, is_simulated
from tomocalc.accounts.prediction import ClusterRule, JudgedCluster, ScoredBy, VolumeScores
from tomocalc.dataset.clusters import found_clusters
from tomocalc.evaluation.clusters import (
    Rule,
    cluster_numbers,
    cluster_table,
    find_clusters,
    places_mm,
)
from tomocalc.model.release import ReleasedModel
from tomocalc.prediction.fit import cautions_of, check_fit, check_opinions, drift
from tomocalc.sections import ClusterSection
from tomocalc.tables import CLUSTER_FEATURES, FEATURES, names

MARKS = [
    "volume_id",
    "patient_id",
    "candidate_id",
    "probability",
    "flagged",
    "cluster_id",
    "slice",
    "row",
    "col",
    "row_mm",
    "col_mm",
    "depth_mm",
    "bbox_top",
    "bbox_left",
    "bbox_bottom",
    "bbox_right",
    "diameter_mm",
    "qc_flag",
    *names(FEATURES),
]
"""Columns of ``marks.tsv`` and ``marks.parquet``: a candidate at its best focus, likeliest first.

``row`` and ``col`` in pixels of the slice as it is read, origin top left; ``slice`` from 0;
``diameter_mm`` of the circle of equal area; ``cluster_id`` empty for a candidate in no cluster;
the features as `tables.FEATURES` describes them.
"""


@dataclass(frozen=True)
class Scored:
    """What a model says of one volume.

    Attributes
    ----------
    marks
        Columns `MARKS`.
    read
        What the model read: shard rows, or of a model of clusters their members.
    clusters
        Columns `tomocalc.evaluation.clusters.CLUSTERS`, and ``radius_mm``: of the circle around
        the centre that holds every member.
    scores
        What ``scores.json`` holds.
    """

    marks: pl.DataFrame
    clusters: pl.DataFrame
    scores: VolumeScores
    read: pl.DataFrame


def score_volume(
    model: ReleasedModel,
    rows: pl.DataFrame,
    manifest: VolumeManifest,
    *,
    rule: ClusterSection,
    tolerance: float,
    simulated: bool | None = None,
    own: bool = False,
) -> Scored:
    """Score the candidates of a volume.

    The score of the volume is its largest probability of a candidate; of a volume without any, 0.

    Parameters
    ----------
    rows
        Shard rows of the volume.
    manifest
        Of the volume.
    rule
        ``evaluation.cluster`` of the configuration: calcifications, distance_mm.
    tolerance
        Share by which a spacing may lie outside the training's.
    simulated
        Whether the volume is; None where only its ``site`` can tell.
    own
        Whether it is known to be of the run that made the model.

    Raises
    ------
    TomocalcError
        ``E602`` when the model does not fit the volume.
    """
    check_fit(model.card, manifest, tolerance=tolerance)
    check_opinions(model.card)
    depth_mm = manifest.slice_spacing_mm
    of_clusters, density = model.clusters, Rule.of(rule)
    if of_clusters:
        density = of_clusters.rule
        rows = found_clusters(rows, of_clusters, slice_spacing_mm=depth_mm)
    focus = rows.filter("focus").sort("candidate_id")
    probability = model.predict(rows) if rows.height else _nothing(rows)
    placed = (rows if of_clusters else focus).join(
        probability, on=["volume_id", "candidate_id"], maintain_order="left"
    )
    placed = placed.with_columns(part=pl.lit("new"), depth_mm=pl.col("slice") * depth_mm)
    if of_clusters:
        clusters = cluster_table(placed, {manifest.volume_id: depth_mm}, density)
        marks = _member_marks(placed, depth_mm)
    else:
        clusters = find_clusters(placed, density, threshold=model.threshold)
        marks = _marks(placed, density)
    domain = model.domain
    if simulated is None:
        simulated = is_simulated(manifest.site, manifest.vendor)
    shifts = tuple(drift(focus, domain))
    scores = VolumeScores(
        volume_id=manifest.volume_id,
        patient_id=manifest.patient_id,
        laterality=manifest.laterality,
        view=manifest.view,
        site=manifest.site,
        slices=manifest.slices,
        study=manifest.study,
        content=manifest.content,
        score=float(marks["probability"].to_numpy().max()) if marks.height else 0.0,
        threshold=model.threshold,
        question="malignancy" if of_clusters else "calcification",
        judged=_judged(marks) if of_clusters else (),
        candidates=focus.height,
        flagged=int(probability["flagged"].sum()),
        clusters=clusters.height,
        cluster_rule=ClusterRule(
            calcifications=density.calcifications, distance_mm=density.distance_mm
        ),
        simulated=simulated,
        model=ScoredBy(
            weights_sha256=model.card.weights_sha256,
            trained_on=domain.source,
            protocol=model.card.protocol,
        ),
        drift=shifts,
        doubts=manifest.doubts,
        cautions=tuple(cautions_of(model.card, manifest, shifts, simulated=simulated, own=own)),
    )
    return Scored(marks, _round_clusters(clusters, marks, manifest), scores, rows)


def _nothing(rows: pl.DataFrame) -> pl.DataFrame:
    keys = rows.select("volume_id", "candidate_id")
    return keys.with_columns(probability=pl.lit(0.0), flagged=pl.lit(False))


def _member_marks(placed: pl.DataFrame, slice_spacing_mm: float) -> pl.DataFrame:
    """Return the members of all clusters in their own places, with their cluster's probability."""
    return (
        placed.with_columns(
            cluster_id=pl.col("candidate_id"),
            member_rank=pl.col("slice"),
            candidate_id=pl.col("member_id"),
            slice=pl.col("member_slice"),
            depth_mm=pl.col("member_slice") * slice_spacing_mm,
            row=pl.col("centroid_row"),
            col=pl.col("centroid_col"),
            diameter_mm=(4 / np.pi * pl.col("area_mm2")).sqrt(),
        )
        .sort("probability", "cluster_id", "member_rank", descending=[True, False, False])
        .select(*MARKS, "member_rank", *names(CLUSTER_FEATURES))
    )


def _judged(members: pl.DataFrame) -> tuple[JudgedCluster, ...]:
    """Return every cluster once, the likeliest to be malignant first, as its members stand."""
    rows = members.with_columns(members=pl.len().over("cluster_id")).filter(
        pl.col("member_rank") == 0
    )
    fields = JudgedCluster.__struct_fields__
    return tuple(JudgedCluster(**row) for row in rows.select(fields).iter_rows(named=True))


def _marks(placed: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Give flagged candidates their cluster and put the likeliest first."""
    called = placed.filter("flagged")
    number = cluster_numbers(places_mm(called), rule)
    member = called.select("candidate_id").with_columns(
        cluster_id=pl.Series(number, dtype=pl.Int32)
    )
    member = member.filter(pl.col("cluster_id") >= 0)
    placed = placed.join(member, on="candidate_id", how="left", maintain_order="left")
    return (
        placed.with_columns(
            row=pl.col("centroid_row"),
            col=pl.col("centroid_col"),
            diameter_mm=(4 / np.pi * pl.col("area_mm2")).sqrt(),
        )
        .sort("probability", "candidate_id", descending=[True, False])
        .select(MARKS)
    )


def _round_clusters(
    clusters: pl.DataFrame, marks: pl.DataFrame, manifest: VolumeManifest
) -> pl.DataFrame:
    """Add the radius, in the plane, of the circle around the centre that holds all members."""
    down_mm, across_mm = manifest.pixel_spacing_mm
    radii = []
    for cluster in clusters.iter_rows(named=True):
        mine = marks.filter(pl.col("cluster_id") == cluster["cluster_id"])
        down = (mine["row"].to_numpy() - cluster["row"]) * down_mm
        across = (mine["col"].to_numpy() - cluster["column"]) * across_mm
        radii.append(float(np.hypot(down, across).max()) + 0.5)
    return clusters.drop("part").with_columns(radius_mm=pl.Series(radii, dtype=pl.Float64))
