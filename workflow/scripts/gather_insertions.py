"""Write sheets of what is put into the volumes: beside the user's annotations, and as truth."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tomocalc.accounts.insertion import InsertedObject, InsertionPlan, Insertions
from tomocalc.config import load_schema
from tomocalc.files import ANNOTATION_COLUMNS, sheet_text, write_text
from tomocalc.log import log_to
from tomocalc.sheets import read_annotations

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


def main(
    *,
    insertions: Sequence[str],
    annotations_sheet: str,
    truth_sheet: str,
    annotations: str | None = None,
    annotations_schema: str | None = None,
    data_root: str | None = None,
) -> None:
    """Write both sheets.

    Parameters
    ----------
    insertions
        Accounts of all batches.
    annotations_sheet
        Gets the user's rows as they are, then the calcifications that are put in.
    truth_sheet
        Gets everything that is put in, distractors too.
    annotations, annotations_schema
        The user's own sheet, if there is one, and its schema.
    data_root
        Folder that the masks of the annotations are in, or None.
    """
    plans = sorted(
        (plan for path in insertions for plan in Insertions.read(path).volumes),
        key=lambda plan: plan.volume_id,
    )
    rows: list[Mapping[str, Any]] = []
    if annotations is not None and annotations_schema is not None:
        schema = load_schema(annotations_schema)
        own = read_annotations(annotations, schema, None, others=None, data_root=data_root)
        rows += [_with_mask_below(row, data_root) for row in own]
    rows += [
        annotation_row(plan, one)
        for plan in plans
        for one in objects_of(plan)
        if one.kind == "calcification"
    ]
    write_text(annotations_sheet, sheet_text(ANNOTATION_COLUMNS, rows))
    truth = [truth_row(plan, one) for plan in plans for one in objects_of(plan)]
    write_text(truth_sheet, sheet_text(TRUTH_COLUMNS, truth))


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


def _with_mask_below(row: Mapping[str, Any], data_root: str | None) -> Mapping[str, Any]:
    """Return *row* with the path of its mask as the sheet has it, below *data_root*."""
    if not row.get("mask") or not data_root:
        return row
    return {**row, "mask": os.path.relpath(row["mask"], data_root)}


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        insertions=list(snakemake.input.insertions),
        annotations_sheet=snakemake.output.annotations,
        truth_sheet=snakemake.output.truth,
        annotations=next(iter(snakemake.input.annotations), None),
        annotations_schema=snakemake.input.annotations_schema,
        data_root=snakemake.params.data_root,
    )
