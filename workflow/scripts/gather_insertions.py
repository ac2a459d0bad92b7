"""Write sheets of what is put into the volumes: beside the user's annotations, and as truth."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from tomocalc.accounts.insertion import Insertions
from tomocalc.dataset.annotations import own_lines
from tomocalc.files import ANNOTATION_COLUMNS, sheet_text, write_text
from tomocalc.insertion.layer import TRUTH_COLUMNS, annotation_row, objects_of, truth_row
from tomocalc.log import run


def main(
    *,
    insertions: Sequence[str],
    annotations_sheet: str,
    truth_sheet: str,
    annotations: str | None = None,
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
    annotations
        The user's own sheet, if there is one.
    data_root
        Folder that the masks of the annotations are in, or None.
    """
    plans = [plan for _, plan in sorted(Insertions.plans(insertions).items())]
    own = own_lines(annotations, data_root)
    rows = [_with_mask_below(row, data_root) for row in own]
    rows += [
        annotation_row(plan, one)
        for plan in plans
        for one in objects_of(plan)
        if one.kind == "calcification"
    ]
    write_text(annotations_sheet, sheet_text(ANNOTATION_COLUMNS, rows))
    truth = [truth_row(plan, one) for plan in plans for one in objects_of(plan)]
    write_text(truth_sheet, sheet_text(TRUTH_COLUMNS, truth))


def _with_mask_below(row: Mapping[str, Any], data_root: str | None) -> Mapping[str, Any]:
    """Return *row* with the path of its mask as the sheet has it, below *data_root*."""
    if not row.get("mask") or not data_root:
        return row
    return {**row, "mask": os.path.relpath(row["mask"], data_root)}


if __name__ == "__main__":
    run(main, snakemake)
