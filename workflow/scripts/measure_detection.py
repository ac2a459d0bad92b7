"""Measure how many annotated findings the candidates cover, and draw both on the volumes."""

import logging
import os
import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from tomocalc.accounts.detection import Detection
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.dataset.annotations import read_findings
from tomocalc.dataset.listing import listed_manifests
from tomocalc.evaluation.coverage import (
    SMALL_MM,
    Coverage,
    SmallObjects,
    read_objects,
    small,
)
from tomocalc.evaluation.findings import box_of
from tomocalc.files import sheet_rows, write_bytes
from tomocalc.image.display import Frame
from tomocalc.image.objects import SEARCH_FILE, VolumeObjects
from tomocalc.image.overlay import Annotated, volume_overlay
from tomocalc.image.previews import PREVIEWS_FILE
from tomocalc.image.shards import beside_manifest, read_manifest
from tomocalc.log import run
from tomocalc.sections import Finding, LabelsSection

log = logging.getLogger("tomocalc.measure_detection")

Row = TypeVar("Row", bound=Mapping[str, Any])


def main(
    *,
    manifests: Sequence[str],
    annotations: str,
    truth: str | None,
    detection: str,
    pictures: str,
    labels: LabelsSection,
    in_silico: bool = False,
    data_root: str | None = None,
) -> None:
    """Compare the objects of every generator that ran with the annotations.

    Parameters
    ----------
    manifests
        Of the volumes; each has its objects, its candidates and its picture beside it.
    annotations
        The sheet.
    truth
        Sheet of everything that was put into the volumes, if there is one.
    detection
        The account that is written.
    pictures
        Gets ``VOLUME.png`` of every volume, with its findings where it has any.
    labels
        Section of the configuration: ``tolerance_mm`` and ``slice_tolerance``.
    in_silico
        Whether the volumes are simulated as a whole; their pictures then say so.
    data_root
        Folder that the masks of the annotations are in, or None.
    """
    volumes = [read_manifest(path) for path in manifests]
    folders = [Path(path).parent for path in manifests]
    annotated = read_findings(annotations, volumes, data_root=data_root)
    findings = by_volume(annotated)
    known = by_volume(read_truth(truth) if truth else [])
    accounts = {name: Coverage() for name in sorted({it for v in volumes for it in v.generators})}
    for manifest, folder in zip(volumes, folders, strict=True):
        table, outline = read_objects(folder, manifest)
        row_mm, col_mm = manifest.pixel_spacing_mm
        mine_annotated = findings[manifest.volume_id]
        for name, account in accounts.items():
            mine = table.filter(pl.col("generator") == name)
            found = SmallObjects(
                small(mine, (row_mm, col_mm)),
                spacing_mm=(row_mm, col_mm),
                tolerance_mm=labels["tolerance_mm"],
                slice_tolerance=labels["slice_tolerance"],
            )
            account.add_volume(mine, manifest)
            patient = manifest.patient_id
            account.add_findings(found, mine_annotated, outline, patient=patient)
            planted = known[manifest.volume_id]
            account.add_truth(
                found,
                [row | {"radius": row["diameter_mm"] / 2 / row_mm} for row in planted],
                patient=patient,
            )
            if name == manifest.settings.generator:
                drawn = [annotated_place(found, row) for row in mine_annotated]
                place = Path(pictures, f"{manifest.volume_id}.png")
                put_in = bool(planted) and not in_silico
                draw(manifest, folder, drawn, place, in_silico=in_silico, put_in=put_in)
    Detection(
        volumes=len(volumes),
        slices=sum(len(manifest.slice_facts) for manifest in volumes),
        tolerance_mm=labels["tolerance_mm"],
        slice_tolerance=labels["slice_tolerance"],
        small_objects_mm=SMALL_MM,
        generators={name: coverage.account() for name, coverage in accounts.items()},
    ).write(detection)


def annotated_place(found: SmallObjects, finding: Finding) -> Annotated:
    """Return where a finding lies and whether an object covers it."""
    box = box_of(finding)
    half_height, half_width = (box.bottom - box.top) / 2, (box.right - box.left) / 2
    frame = Frame(*box.centre, half_height, half_width, hit=found.cover(finding))
    return Annotated(finding["slice"], frame)


def draw(
    manifest: VolumeManifest,
    folder: Path,
    annotated: Sequence[Annotated],
    place: Path,
    *,
    in_silico: bool,
    put_in: bool,
) -> None:
    """Put the picture of a volume at *place*: with its findings, or as extraction has drawn it."""
    plain = folder / "overlay.png"
    if annotated or put_in or not plain.is_file():
        found, previews = VolumeObjects.read(folder / SEARCH_FILE), folder / PREVIEWS_FILE
        picture = volume_overlay(
            manifest,
            found,
            beside_manifest(previews),
            in_silico=in_silico,
            put_in=put_in,
            annotated=annotated or None,
        )
        write_bytes(place, picture)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    try:
        os.link(plain, place)
    except OSError:  # a file system without hard links
        shutil.copyfile(plain, place)


def by_volume(rows: list[Row]) -> defaultdict[str, list[Row]]:
    """Group rows by their volume."""
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["volume_id"]].append(row)
    return groups


def read_truth(path: str) -> list[dict[str, Any]]:
    """Read what was put into in-silico volumes: kind, place, diameter, contrast to noise."""
    numbers = ("x", "y", "diameter_mm", "contrast_to_noise")
    return [
        {
            **row,
            **{name: float(row[name]) for name in numbers},
            "slice": int(row["slice"]),
        }
        for row in sheet_rows(path)
    ]


if __name__ == "__main__":
    run(
        main,
        snakemake,
        manifests=lambda: listed_manifests(snakemake.input.volumes),
        truth=snakemake.input.truth or None,
    )
