"""Train or tune one detector on training patients, and search the volumes of the test part."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.findings import DetectorAccount
from tomocalc.accounts.insertion import Insertions
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.comparison.catalogue import LEARN
from tomocalc.dataset.annotations import read_findings
from tomocalc.dataset.listing import listed_manifests
from tomocalc.detectors.blobs import tune_blobs
from tomocalc.detectors.marks import MARKS, SliceMarks, volume_marks
from tomocalc.detectors.tiles import Planes, Tiles, calcification_lines, chosen, volume_tiles
from tomocalc.detectors.training import DetectorRecipe, find_marks, train_detector
from tomocalc.errors import fault
from tomocalc.evaluation.images import patient_parts
from tomocalc.image.shards import read_manifest
from tomocalc.insertion.layer import putting_in
from tomocalc.log import run
from tomocalc.parquet import read_parquet, write_parquet
from tomocalc.readers.opening import open_row
from tomocalc.sections import Finding, ReadingSection, SplitSection
from tomocalc.tables import empty

log = logging.getLogger("tomocalc.run_detector")

FEWEST = 3
"""Calcifications without which nothing is learned."""
DRAWN = 1000
"""Tiles drawn anywhere in the breast, over all training volumes; as many stay as have one."""


def main(
    *,
    detector: str,
    manifests: Sequence[str],
    volumes: Sequence[Mapping[str, Any]],
    image: ReadingSection,
    annotations: str,
    splits: str,
    split: SplitSection,
    slice_tolerance: int,
    link_radius_mm: float,
    seed: int,
    marks: str,
    account: str,
    insertions: Sequence[str] = (),
    data_root: str | None = None,
) -> None:
    """Write the detector's marks on the test part, and its account.

    Parameters
    ----------
    detector
        Its key in `tomocalc.comparison.catalogue`.
    manifests, volumes
        Of all volumes, and their rows of the sheet.
    image
        Section of the configuration: how files are read.
    splits, split
        The table of parts, and the section of the configuration.
    slice_tolerance, link_radius_mm
        Of the sections ``labels`` and ``candidates``.
    """
    facts = [read_manifest(path) for path in manifests]
    parts = patient_parts(
        sorted({one.patient_id for one in facts}), read_parquet(splits), split=split, seed=seed
    )
    if parts is None:
        raise fault("detector_without_patients", splits, "the split is not by patient")
    findings = [
        *read_findings(annotations, facts, data_root=data_root),
        *read_findings(annotations, facts, others=True, data_root=data_root),
    ]
    opened = _Opened(volumes, image, insertions)
    training = [one for one in facts if parts[one.patient_id] == "train"]
    tiles, calcifications, without = training_tiles(
        training, opened, findings, slice_tolerance=slice_tolerance, seed=seed
    )
    if calcifications < FEWEST:
        why = (
            f"training patients have {calcifications} calcifications that are annotated one by one "
            f"on their slice, fewer than {FEWEST}"
        )
        raise fault("detector_untrainable", annotations, why)
    facts_of: dict[str, Any] = {}
    if detector in LEARN:
        network, loss = train_detector(detector, tiles, DetectorRecipe(seed=seed))
        facts_of = {
            "weights": sum(one.numel() for one in network.parameters()),
            "loss": tuple(loss),
        }

        def search(planes: NDArray[np.float32]) -> SliceMarks:
            return find_marks(network, planes)

    else:
        blobs = tune_blobs(cast("Literal['blob_dog', 'hdogreg']", detector), tiles)
        chosen_settings = asdict(blobs).items()
        facts_of = {"settings": {key: value for key, value in chosen_settings if value is not None}}
        search = blobs.marks
    tested = [one for one in facts if parts[one.patient_id] == "test"]
    found = [searched(one, opened(one), search, link_radius_mm) for one in tested]
    write_parquet(marks, pl.concat([empty(MARKS), *found]))
    DetectorAccount(
        detector=detector,
        patients=tuple(sorted({one.patient_id for one in training})),
        calcifications=calcifications,
        without_slice=without,
        tiles=len(tiles.x),
        filled=sum(len(box) > 0 for box in tiles.boxes),
        **facts_of,
    ).write(account)


class _Opened:
    """Opens the volumes of a run as detectors see them, with what is put into them."""

    def __init__(
        self, rows: Sequence[Mapping[str, Any]], image: ReadingSection, insertions: Sequence[str]
    ) -> None:
        self._rows = {row["volume_id"]: row for row in rows}
        self._image = image
        self._plans = Insertions.plans(insertions)

    def __call__(self, volume: VolumeManifest) -> Planes:
        name = volume.volume_id
        put_in = putting_in(self._plans.get(name), name)
        stack = open_row(self._rows[name]["path"], self._rows[name], self._image, put_in)
        return Planes(stack, [one.slice for one in volume.quarantined])


def training_tiles(
    training: Sequence[VolumeManifest],
    opened: Callable[[VolumeManifest], Planes],
    findings: Sequence[Finding],
    *,
    slice_tolerance: int,
    seed: int,
) -> tuple[Tiles, int, int]:
    """Return tiles of training patients, and their calcifications with and without a slice."""
    parts, known, unknown = list[Tiles](), 0, 0
    for volume in training:
        mine = [one for one in findings if one["volume_id"] == volume.volume_id]
        lines = calcification_lines(mine, volume.slices)
        known += sum(line.slice is not None for line in lines)
        unknown += sum(line.slice is None for line in lines)
        parts.append(
            volume_tiles(
                opened(volume),
                mine,
                slice_tolerance=slice_tolerance,
                others=-(-DRAWN // len(training)),
                seed=seed,
                name=volume.volume_id,
            )
        )
    return chosen(parts, seed), known, unknown


def searched(
    volume: VolumeManifest,
    planes: Planes,
    search: Callable[[NDArray[np.float32]], SliceMarks],
    link_radius_mm: float,
) -> pl.DataFrame:
    """Return the marks of one volume."""
    found = {}
    for index in range(volume.slices):
        seen = planes.at(index)
        if seen is not None:
            found[index] = search(seen[0]).within(seen[1])
    table = volume_marks(
        found,
        volume_id=volume.volume_id,
        spacing_mm=volume.pixel_spacing_mm,
        radius_mm=link_radius_mm,
    )
    log.info("%s: %d marks", volume.volume_id, table["candidate_id"].n_unique())
    return table


if __name__ == "__main__":
    run(
        main,
        snakemake,
        manifests=lambda: listed_manifests(snakemake.input.volumes),
        volumes=snakemake.params.volumes,
    )
