"""Volumes on their way into the data set: shards read, checked, labelled, counted."""

import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import polars as pl

from tomocalc.accounts.doubts import count_doubts
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.quality import ClusterCounts
from tomocalc.cells import LINE
from tomocalc.dataset.clusters import MEMBER_ROWS, annotated_clusters
from tomocalc.dataset.doubts import doubts_of_all
from tomocalc.dataset.labels import drop_ambiguous, label_candidates
from tomocalc.dataset.listing import check_cohort
from tomocalc.dataset.places import Size, misplaced
from tomocalc.dataset.readings import Readings
from tomocalc.errors import fault, raise_all
from tomocalc.image.shards import in_order, read_manifest, read_volume_rows
from tomocalc.neighbours import ClusterSettings
from tomocalc.sections import DoubtsSection, Finding, LabelsSection, lines_of
from tomocalc.tables import LABELS, names

log = logging.getLogger(__name__)

Findings = Callable[[Sequence[Any]], list[Finding]]
"""Returns rows of the annotation sheet, each in its place, given the volumes they may name."""


READ_AT_ONCE = 2
"""Volumes: one is read while the one before it is labelled."""


@dataclass(frozen=True)
class _Measured:
    """A volume on its way: its manifest without what grows with its slices."""

    path: str
    manifest: VolumeManifest
    without_objects: int


def merge_volumes(
    paths: list[str],
    findings: Findings,
    *,
    sheet: str,
    labels: LabelsSection,
    max_bad_fraction: float,
    image: DoubtsSection,
    append: Callable[[pl.DataFrame], None],
    others: Findings | None = None,
    clusters: ClusterSettings | None = None,
) -> dict[str, Any]:
    """Pass the labelled rows of every volume to *append*, volumes sorted by their id.

    Parameters
    ----------
    paths
        Manifests.
    findings
        Returns the rows of the annotation sheet, each in its place, given the volumes that they
        may name.
    sheet
        Path of the annotation sheet, for messages.
    labels
        The ``labels`` section of the configuration.
    max_bad_fraction
        Largest share of quarantined slices.
    image
        ``doubts`` and ``allowed_doubts`` of the configuration.
    others
        Like *findings*, for findings of other kinds: their surroundings belong to no class.
    clusters
        Where the rows are to be members of clusters, and the label says malignant.

    Returns
    -------
    dict
        ``volumes``, ``patients`` and ``sites`` that were measured, with candidates or without,
        ``annotations`` (total, lines of the sheet, on_several_slices, in_several_areas, matched,
        unmatched, volumes_without_annotation, other_findings, ignored_candidates: in another
        finding or in the band around one), ``slices``
        (total, without_objects, quarantined), ``doubts`` (code, volumes, slices, first),
        ``doubtful_volumes`` that have any, ``dataset_doubts`` and ``extraction`` (settings,
        ranges of spacing).

    Raises
    ------
    TomocalcError
        ``E103`` for a study of several patients, ``E209`` for a doubt that is refused, ``E301``
        for a shard, ``E303`` for an annotation, ``E306`` for too many bad slices.
    """
    measured = sorted(map(_outline, paths), key=lambda volume: volume.manifest.volume_id)
    volumes = [volume.manifest for volume in measured]
    slices = _slice_account(measured, max_bad_fraction)
    doubts = check_cohort(volumes, image)
    annotated = findings(volumes)
    by_volume: defaultdict[str, list[Finding]] = defaultdict(list)
    beside: defaultdict[str, list[Finding]] = defaultdict(list)
    for number, finding in enumerate(annotated):
        by_volume[finding["volume_id"]].append({**finding, "finding_id": number})
    other_kinds = others(volumes) if others else []
    sizes = {it.volume_id: Size(it.rows, it.columns, it.slices, it.breast_share) for it in volumes}
    raise_all(misplaced(sheet, [*annotated, *other_kinds], sizes))
    for finding in other_kinds:
        beside[finding["volume_id"]].append(finding)
    free = len(volumes) - len(by_volume)
    if free and clusters is None:  # else they hold no cluster, and count for nothing
        log.warning(
            "%d of %d volumes have no annotation of a calcification: all their candidates count as "
            "no calcification; leave out volumes that nobody has read",
            free,
            len(volumes),
        )
    order = pl.all() if clusters is None else names(MEMBER_ROWS + LABELS)
    matched = ignored = 0
    readings = Readings()
    formed = ClusterCounts()
    for manifest, shard_rows in in_order(_with_rows, measured, READ_AT_ONCE):
        mine = by_volume.get(manifest.volume_id, [])
        spacing = manifest.pixel_spacing_mm
        rows, found = label_candidates(shard_rows, mine, labels, spacing)
        if mine:
            readings.add(shard_rows, mine, manifest, labels)
        elsewhere = beside.get(manifest.volume_id, [])
        rows, dropped = drop_ambiguous(rows, mine, elsewhere, labels, spacing)
        ignored += dropped
        matched += len(found)
        if clusters is not None:
            rows, counts = annotated_clusters(rows, mine, manifest, clusters, labels)
            formed = formed.plus(counts)
        append(rows.with_columns(site=pl.lit(manifest.site)).select(order))
    turned = sum(volume.turned for volume in volumes if volume.volume_id in by_volume)
    if not turned:
        readings.check(sheet)
    _check_matched(sheet, len(annotated), matched, turned)
    joined = sum("parts" in finding for finding in annotated)
    if joined:
        log.info("%d findings are outlined on several slices, each counted once", joined)
    apart = _tell_of_masks(annotated)
    if clusters is not None:
        _check_clusters(sheet, formed)
    return {
        "clusters": None if clusters is None else msgspec.to_builtins(formed),
        "volumes": len(volumes),
        "patients": len({volume.patient_id for volume in volumes} - {""}),
        "sites": len({volume.site for volume in volumes} - {""}),
        "annotations": {
            "total": len(annotated),
            "lines": sum(len(lines_of(finding)) for finding in annotated),
            "on_several_slices": joined,
            "in_several_areas": apart,
            "matched": matched,
            "unmatched": len(annotated) - matched,
            "volumes_without_annotation": free,
            "other_findings": len(other_kinds),
            "ignored_candidates": ignored,
        },
        "slices": slices,
        "doubts": msgspec.to_builtins(count_doubts(doubts.items())),
        "doubtful_volumes": sum(map(bool, doubts.values())),
        "dataset_doubts": msgspec.to_builtins([*doubts_of_all(volumes), *readings.doubts()]),
        "extraction": _extraction(measured),
    }


def _tell_of_masks(annotated: Sequence[Finding]) -> int:
    """Say how masks were read; return how many calcifications are areas that lie apart."""
    lines = Counter(line[LINE] for finding in annotated for line in lines_of(finding))
    several = sum(count > 1 for count in lines.values())
    soft = sum(finding.get("mask_soft") is not None for finding in annotated)
    outlined = sum(bool(finding.get("mask_outlines")) for finding in annotated)
    if several or soft or outlined:
        said = "masks: %d hold labels or segments that lie apart, each a finding; %d findings are "
        said += "of grey levels, set from half of the largest on; %d have holes, which are filled"
        log.info(said, several, soft, outlined)
    one = [finding for finding in annotated if finding["kind"] == "calcification"]
    apart = sum(finding.get("mask_areas", 1) > 1 for finding in one)
    if apart:
        said = "%d calcifications are masks of one value whose areas lie apart, each counted once: "
        log.warning(said + "give every calcification its own value, or say kind cluster", apart)
    return apart


def _check_clusters(sheet: str, counts: ClusterCounts) -> None:
    """Stop where no cluster has members and an outcome."""
    groups = counts.outlined + counts.formed
    log.info("%d clusters, %d of them without a known outcome", groups, counts.unknown)
    if groups == counts.unknown:
        why = (
            f"{groups} clusters lie on its findings, {counts.unknown} of them without an "
            f"outcome, and in {counts.without_members} outlined ones no candidate stands out"
        )
        raise fault("no_cluster_found", sheet, why)


def _check_matched(sheet: str, annotated: int, matched: int, turned: int) -> None:
    """Stop where the findings seem to lie elsewhere, and warn where most have no candidate.

    Parameters
    ----------
    turned
        Annotated volumes that were turned by 180° to the side that the sheet says.
    """
    if annotated and not matched:
        why = f"the search found nothing at any of its {annotated} findings"
        fix = "give x as the column and y as the row, in pixels, and count slices from 0"
        if turned:
            why += f"; {turned} of the annotated volumes were turned by 180° to the sheet's side"
            fix = (
                "give the places in the turned image: x there is columns - 1 - x, y is "
                "rows - 1 - y; or correct laterality or image.side_mismatch so that it is not "
                "turned"
            )
        raise fault("no_annotation_found", sheet, why, first=fix)
    if matched < annotated / 2:
        log.warning(
            "%d of %d annotations have no candidate and count as missed: see in the pictures of "
            "qc/ whether their places are right and candidates.threshold_k is low enough",
            annotated - matched,
            annotated,
        )


def _outline(path: str) -> _Measured:
    manifest = read_manifest(path)
    empty = sum(fact.objects == 0 for fact in manifest.slice_facts)
    return _Measured(path, manifest.lean(), empty)


def _with_rows(volume: _Measured) -> tuple[VolumeManifest, pl.DataFrame]:
    return volume.manifest, read_volume_rows(volume.path, read_manifest(volume.path))


def _extraction(measured: list[_Measured]) -> dict[str, Any]:
    """Return how the volumes were measured: what a model trained on them is good for."""
    volumes = [volume.manifest for volume in measured]
    pixels = [spacing for volume in volumes for spacing in volume.pixel_spacing_mm]
    deep = [volume.slice_spacing_mm for volume in volumes if volume.slices > 1]
    return {
        "settings_keys": sorted({volume.settings_key for volume in volumes}),
        "settings": volumes[0].settings if volumes else None,
        "pixel_spacing_mm": [min(pixels), max(pixels)] if pixels else None,
        "slice_spacing_mm": [min(deep), max(deep)] if deep else None,
        "contents": sorted({volume.content for volume in volumes} - {""}),
    }


def _slice_account(measured: list[_Measured], max_bad_fraction: float) -> dict[str, int]:
    slices = {
        "total": sum(volume.manifest.slices for volume in measured),
        "without_objects": sum(volume.without_objects for volume in measured),
        "quarantined": sum(len(volume.manifest.quarantined) for volume in measured),
    }
    if slices["quarantined"] > max_bad_fraction * slices["total"]:
        why = f"{slices['quarantined']} of {slices['total']} slices could not be read"
        raise fault("too_many_quarantined", "qc/quarantine.tsv of this run", why)
    return slices
