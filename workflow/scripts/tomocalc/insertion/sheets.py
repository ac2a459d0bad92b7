"""What is put into volumes as rows of sheets: annotations to learn from, and the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tomocalc.accounts.insertion import InsertedObject, InsertionPlan

TRUTH_COLUMNS = [
    "volume_id",
    "kind",
    "cluster",
    "shape",
    "x",
    "y",
    "slice",
    "diameter_mm",
    "contrast",
    "contrast_to_noise",
]
"""x and y in pixels; slice from 0, in the volume's order; contrast: peak over the grey value around
it, both above air."""


def objects_of(plan: InsertionPlan) -> Iterator[InsertedObject]:
    """Yield all objects of a volume."""
    for group in plan.groups:
        yield from group.objects


def annotation_row(plan: InsertionPlan, one: InsertedObject) -> dict[str, Any]:
    """Return a calcification as a circle of at least one pixel on its slice of best focus."""
    return {
        "volume_id": plan.volume_id,
        "slice": one.stored_slice,
        "x": f"{one.x:.2f}",
        "y": f"{one.y:.2f}",
        "radius": f"{max(one.diameter_mm / 2 / plan.pixel_spacing_mm, 1):.2f}",
        "kind": one.kind,
    }


def truth_row(plan: InsertionPlan, one: InsertedObject) -> dict[str, Any]:
    """Return an object as a row of the truth."""
    return {
        "volume_id": plan.volume_id,
        "kind": one.kind,
        "cluster": one.cluster,
        "shape": one.shape,
        "x": f"{one.x:.2f}",
        "y": f"{one.y:.2f}",
        "slice": one.slice,
        "diameter_mm": f"{one.diameter_mm:.3f}",
        "contrast": f"{one.contrast:.4f}",
        "contrast_to_noise": f"{one.contrast_to_noise:.2f}",
    }
