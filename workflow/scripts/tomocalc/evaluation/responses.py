"""Marks of the test part beside what is annotated there: calcifications and clusters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tomocalc.accounts.manifest import VolumeFacts
from tomocalc.evaluation.clusters import Marks
from tomocalc.evaluation.dbtex import Lesion, Mark
from tomocalc.evaluation.findings import Calcification, Cluster, Findings
from tomocalc.evaluation.froc import FALSE, IGNORED, FreeResponse


@dataclass(frozen=True)
class TestPart:
    """The volumes of the test part.

    Parameters
    ----------
    number
        Of each volume.
    patient, slices, pixel_mm
        Of every volume in order: its patient's number, its slices, its pixel spacing along rows.
    """

    number: Mapping[str, int]
    patient: Sequence[int]
    slices: Sequence[int]
    pixel_mm: Sequence[float]

    __test__ = False  # no test class for pytest

    @classmethod
    def of(cls, volumes: Sequence[VolumeFacts]) -> TestPart:
        """Return the part made of these manifests."""
        named = sorted({volume.patient_id for volume in volumes})
        patient = {name: number for number, name in enumerate(named)}
        return cls(
            number={volume.volume_id: place for place, volume in enumerate(volumes)},
            patient=[patient[volume.patient_id] for volume in volumes],
            slices=[volume.slices for volume in volumes],
            pixel_mm=[volume.pixel_spacing_mm[0] for volume in volumes],
        )

    def holds(self, finding: Calcification | Cluster) -> bool:
        """Return whether a finding is in one of the volumes."""
        return finding.volume_id in self.number

    def patients_of(self, volumes: Sequence[str]) -> NDArray[np.int64]:
        """Return the number of the patient of each of *volumes*."""
        return np.array([self.patient[self.number[volume]] for volume in volumes], np.int64)


VolumeMarks = Mapping[str, tuple[pl.DataFrame, Marks]]
"""Of every volume with candidates: these, and its cluster marks."""


def responses(
    candidates: pl.DataFrame, marks: VolumeMarks, found: Findings, test: TestPart
) -> tuple[FreeResponse | None, FreeResponse | None, list[Cluster]]:
    """Return the responses to calcifications and to clusters, and the clusters themselves.

    Parameters
    ----------
    candidates, marks
        Of the test part, as `calcification_response` and `cluster_response` take them.
    found
        Findings of all volumes; of those of the test part None where nothing is annotated.
    """
    spots = [item for item in found.calcifications if test.holds(item)]
    areas = [item for item in found.clusters if test.holds(item)]
    return (
        calcification_response(candidates, spots, test) if spots else None,
        cluster_response(marks, areas, test) if areas else None,
        areas,
    )


def calcification_response(
    candidates: pl.DataFrame, calcifications: Sequence[Calcification], test: TestPart
) -> FreeResponse:
    """Return every candidate as a mark.

    A candidate hits the calcification that its label came from; of label 0 it is a false mark.
    One that lies in an annotated cluster but on no single annotated calcification is not judged,
    and neither is one without a label.

    Parameters
    ----------
    candidates
        volume_id, probability, label, finding_id of the test part's.
    """
    number = {item.finding_id: place for place, item in enumerate(calcifications)}
    finding = [
        FALSE if label == 0 else number.get(finding_id, IGNORED)
        for label, finding_id in candidates.select("label", "finding_id").iter_rows()
    ]
    return FreeResponse(
        rating=candidates["probability"].to_numpy(),
        finding=np.array(finding, np.int64),
        patient=test.patients_of(candidates["volume_id"].to_list()),
        finding_patient=test.patients_of([item.volume_id for item in calcifications]),
        volume_patient=np.array(test.patient, np.int64),
    )


def cluster_response(
    marks: VolumeMarks, clusters: Sequence[Cluster], test: TestPart
) -> FreeResponse:
    """Return every cluster mark of the test part.

    A mark hits an annotated cluster when at least half of the candidates that make it lie on
    that cluster; of two such, the one with more, then the earlier one. Otherwise it is false.
    """
    on = {finding: place for place, item in enumerate(clusters) for finding in item.findings}
    rating, finding, volume = [], [], []
    for volume_id in test.number:
        if volume_id not in marks:
            continue
        candidates, marked = marks[volume_id]
        of = [on.get(finding_id, FALSE) for finding_id in candidates["finding_id"]]
        rating += marked.rating.tolist()
        finding += [_majority([of[row] for row in rows]) for rows in marked.members]
        volume += [volume_id] * len(marked.rating)
    return FreeResponse(
        rating=np.array(rating, np.float64),
        finding=np.array(finding, np.int64),
        patient=test.patients_of(volume),
        finding_patient=test.patients_of([item.volume_id for item in clusters]),
        volume_patient=np.array(test.patient, np.int64),
    )


def dbtex_input(
    marks: VolumeMarks, clusters: Sequence[Cluster], test: TestPart
) -> tuple[list[Mark], list[Lesion]]:
    """Return cluster marks, placed at the mean of their candidates, and clusters as boxes."""
    number, places = test.number, []
    for volume_id in test.number:
        if volume_id in marks:
            candidates, marked = marks[volume_id]
            place = candidates.select("centroid_row", "centroid_col", "slice").to_numpy()
            for rating, rows in zip(marked.rating, marked.members, strict=True):
                row, column, depth = place[rows].mean(axis=0, dtype=np.float64)
                places.append(
                    Mark(number[volume_id], float(row), float(column), float(depth), float(rating))
                )
    return places, [Lesion(number[item.volume_id], item.box) for item in clusters]


def _majority(of: Sequence[int]) -> int:
    counted = Counter(number for number in of if number != FALSE)
    if not counted:
        return FALSE
    number, count = min(counted.items(), key=lambda item: (-item[1], item[0]))
    return number if 2 * count >= len(of) else FALSE
