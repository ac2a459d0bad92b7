"""The rows of a phantom volume's sheets: its annotations, and the truth about every object."""

from __future__ import annotations

from typing import Any

from tomocalc.phantom.settings import Settings
from tomocalc.phantom.volume import Truth

ANNOTATION_COLUMNS = ["volume_id", "slice", "x", "y", "radius", "kind", "pathology"]
"""The columns of ``annotations.tsv`` that a phantom fills."""

TRUTH_COLUMNS = [
    "volume_id",
    "kind",
    "cluster",
    "x_mm",
    "y_mm",
    "z_mm",
    "x",
    "y",
    "slice",
    "diameter_mm",
    "contrast_to_noise",
]
"""Positions in mm are from the centre of the first voxel of the image as written; x and y in
pixels (column and row), slice from 0; cluster from 1, for calcifications only; see
`tomocalc.phantom.volume.measure_contrast` for the contrast to noise."""


def annotation_rows(volume_id: str, truth: list[Truth], settings: Settings) -> list[dict[str, Any]]:
    """List the calcifications as circles of at least one pixel on their slice of best focus."""
    rows: list[dict[str, Any]] = [
        {
            "volume_id": volume_id,
            "slice": item.slice,
            "x": f"{item.x_px:.2f}",
            "y": f"{item.y_px:.2f}",
            "radius": f"{max(item.finding.diameter_mm / 2 / settings.pixel_spacing_mm, 1):.2f}",
            "kind": "calcification",
            "pathology": item.finding.outcome,
        }
        for item in truth
        if item.finding.kind == "calcification"
    ]
    return sorted(rows, key=lambda row: (row["slice"], float(row["y"]), float(row["x"])))


def truth_rows(volume_id: str, truth: list[Truth], settings: Settings) -> list[dict[str, Any]]:
    """List every object, by kind, cluster and place."""
    pixel = settings.pixel_spacing_mm
    ordered = sorted(
        truth,
        key=lambda item: (item.finding.kind, item.finding.cluster or 0, item.slice, item.y_px),
    )
    return [
        {
            "volume_id": volume_id,
            "kind": item.finding.kind,
            "cluster": item.finding.cluster,
            "x_mm": f"{item.x_px * pixel:.4f}",
            "y_mm": f"{item.y_px * pixel:.4f}",
            "z_mm": f"{item.finding.centre_mm[0]:.4f}",
            "x": f"{item.x_px:.2f}",
            "y": f"{item.y_px:.2f}",
            "slice": item.slice,
            "diameter_mm": f"{item.finding.diameter_mm:.3f}",
            "contrast_to_noise": f"{item.contrast_to_noise:.2f}",
        }
        for item in ordered
    ]
