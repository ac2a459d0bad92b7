"""Detectors that search whole slices, on an easy phantom and on one like the demo's.

python benchmarks/detectors.py [--patients N] [--only DETECTOR]

Easy: calcifications of at least 0.4 mm and a contrast of 0.6, and no vessels along the beam.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
from measuring import head, row

from run_detector import searched, training_tiles
from support.phantoms import SETTINGS, breast
from support.table_data import LABELS
from tomocalc.accounts.manifest import VolumeFacts
from tomocalc.comparison.catalogue import LEARN, TITLES
from tomocalc.dataset.labels import label_candidates
from tomocalc.detectors.blobs import tune_blobs
from tomocalc.detectors.tiles import Planes
from tomocalc.detectors.training import DetectorRecipe, find_marks, train_detector
from tomocalc.evaluation.findings import Calcification
from tomocalc.evaluation.froc import RATES, froc
from tomocalc.evaluation.responses import TestPart, calcification_response
from tomocalc.insertion.drawing import InsertionSettings
from tomocalc.insertion.layer import InsertedVolume, annotation_row, objects_of
from tomocalc.insertion.planning import plan_insertion
from tomocalc.phantom.dicom import dicom_bytes, image_dataset
from tomocalc.phantom.settings import Settings
from tomocalc.phantom.volume import BITS, annotation_rows, simulate
from tomocalc.readers.volume import Volume, open_volume

SMALL = replace(SETTINGS, rows=256, columns=192, slices=12)
PHANTOMS = {"easy": replace(SMALL, end_on_vessels=0.0), "like the demo's": SMALL}
CLEAR = InsertionSettings(
    clusters=(1, 2),
    diameter_mm=(0.4, 1.0),
    contrast=(0.6, 1.0),
    gain=None,
    distractors=0.0,
    half_angle_deg=15.0,
    projections=15,
)
"""Of the easy phantom, all of whose calcifications can be seen."""
TEST_SHARE = 3
"""One patient in so many is tested."""


class Cohort:
    """Simulated volumes, one a patient, two of three with calcifications.

    Those of the easy phantom are put into breasts that have none.
    """

    def __init__(self, folder: Path, name: str, patients: int) -> None:
        self.facts: list[VolumeFacts] = []
        self.findings: list[Any] = []
        self.volumes: dict[str, Volume] = {}
        settings = PHANTOMS[name]
        for number in range(patients):
            self._add(folder, f"p{number:03d}", settings, number % 6 < 4, easy=name == "easy")

    def _add(
        self, folder: Path, name: str, settings: Settings, calcified: bool, *, easy: bool
    ) -> None:
        shown = breast(name, calcified=calcified and not easy)
        made = simulate(shown, seed=1, settings=settings)
        image = image_dataset(made.stored, shown, seed=1, bits=BITS, settings=settings)
        content = dicom_bytes(image)
        (folder / f"{name}.dcm").write_bytes(content)
        volume = open_volume(folder / f"{name}.dcm", max_pixels=10**7, min_size=16)
        rows: list[Any] = [*annotation_rows(name, made.truth, settings)]
        if easy:
            about: dict[str, Any] = {"volume_id": name, "where": name, "calcified": calcified}
            plan = plan_insertion(volume, **about, settings=CLEAR, seed=1)
            volume = InsertedVolume(volume, plan)
            rows = [annotation_row(plan, one) for one in objects_of(plan)]
        for one in rows:
            numbers = {key: float(one[key]) for key in ("x", "y", "radius")}
            finding = {**one, **numbers, "slice": int(one["slice"]), "mask": None}
            self.findings.append({**finding, "finding_id": len(self.findings)})
        self.volumes[name] = volume
        header = volume.header
        self.facts.append(
            VolumeFacts(
                volume_id=name,
                patient_id=name,
                laterality="L",
                view="CC",
                vendor="",
                site="",
                pixel_spacing_mm=header.spacing_mm,
                slice_spacing_mm=header.slice_spacing_mm,
                rows=header.rows,
                columns=header.columns,
                slices=header.slices,
            )
        )

    def opened(self, volume: VolumeFacts) -> Planes:
        """Return a volume as detectors see it."""
        return Planes(self.volumes[volume.volume_id])

    def part(self, *, test: bool) -> list[Any]:
        """Return the volumes of a part."""
        return [it for n, it in enumerate(self.facts) if (n % TEST_SHARE == 0) is test]


def measured(cohort: Cohort, key: str) -> list[Any]:
    """Train or tune a detector, search the test part, and return the cells of its row."""
    started = time.process_time()
    known: Any = cohort.findings
    tiles, taught, _ = training_tiles(
        cohort.part(test=False), cohort.opened, known, slice_tolerance=1, seed=1
    )
    if key in LEARN:
        network, _ = train_detector(key, tiles, DetectorRecipe())
        search = lambda planes: find_marks(network, planes)  # noqa: E731
    else:
        search = tune_blobs(key, tiles).marks  # type: ignore[arg-type]
    trained = time.process_time() - started
    started = time.process_time()
    tested, tables = cohort.part(test=True), []
    for volume in tested:
        marks = searched(volume, cohort.opened(volume), search, 0.5)
        mine = [one for one in cohort.findings if one["volume_id"] == volume.volume_id]
        own = marks.with_columns(detected=pl.lit(True))
        labelled, _ = label_candidates(own, mine, LABELS, volume.pixel_spacing_mm)
        tables.append(labelled.filter("focus"))
    seconds = (time.process_time() - started) / sum(volume.slices for volume in tested)
    test = TestPart.of(tested)
    spots = [Calcification(one["volume_id"], one["finding_id"]) for one in cohort.findings]
    spots = [one for one in spots if test.holds(one)]
    response = calcification_response(pl.concat(tables), spots, test)
    found = froc(response, threshold=1.0, confidence=0.95)
    shares = [f"{rate.sensitivity:.3f}" for rate in found.rates]
    return [TITLES[key], *shares, len(spots), taught, f"{trained:.0f}", f"{1000 * seconds:.0f}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=36)
    parser.add_argument("--only", choices=[*TITLES], nargs="+", default=[*TITLES])
    parser.add_argument("--phantoms", choices=[*PHANTOMS], nargs="+", default=[*PHANTOMS])
    options = parser.parse_args()
    rates = [f"found at {rate:g}" for rate in RATES]
    for name in options.phantoms:
        with tempfile.TemporaryDirectory() as folder:
            cohort = Cohort(Path(folder), name, options.patients)
            counts = ("calcifications", "taught", "CPU s to train", "CPU ms a slice")
            print(head(f"phantom, {name}", *rates, *counts), flush=True)
            for key in options.only:
                print(row(*measured(cohort, key)), flush=True)
            print()


if __name__ == "__main__":
    main()
