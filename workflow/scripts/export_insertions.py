"""Write volumes with what is put into them as DICOM files, with segmentations and sheets."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tomocalc.accounts.insertion import Insertions
from tomocalc.dataset.annotations import own_lines
from tomocalc.dataset.masks import placed
from tomocalc.dicom_output.inserted import inserted_image, truth_bytes
from tomocalc.errors import fault
from tomocalc.files import ANNOTATION_COLUMNS, sheet_text, write_bytes, write_text
from tomocalc.insertion.layer import (
    TRUTH_COLUMNS,
    annotation_row,
    objects_of,
    putting_in,
    truth_row,
)
from tomocalc.insertion.room import Opened
from tomocalc.log import run
from tomocalc.phantom.dicom import dicom_bytes
from tomocalc.readers.opening import open_row
from tomocalc.readers.volume import Volume
from tomocalc.sections import Finding, ReadingSection

log = logging.getLogger("tomocalc.export_insertions")

COLUMNS = ("volume_id", "patient_id", "laterality", "view", "path")


def main(
    *,
    volumes: Sequence[Mapping[str, Any]],
    insertions: Sequence[str],
    image: ReadingSection,
    folder: str,
    annotations: str | None = None,
    data_root: str | None = None,
) -> None:
    """Fill *folder* with ``VOLUME.dcm``, ``VOLUME.seg.dcm`` and the sheets of a run on them.

    Parameters
    ----------
    volumes
        Rows of the sheet.
    insertions
        Accounts of what is put in.
    image
        Section of the configuration.
    annotations
        The user's own sheet, if there is one. Its rows are written for the exported
        slices, a mask as its bounding box.
    data_root
        Folder that the masks of the annotations are in, or None.
    """
    if not insertions:
        why = "nothing is put into volumes"
        raise fault("nothing_to_export", "configuration key insertion.enabled", why)
    plans = Insertions.plans(insertions)
    own = own_lines(annotations, data_root)
    target = Path(folder)
    sheet, marked, truth = list[dict[str, Any]](), list[dict[str, Any]](), list[dict[str, Any]]()
    for row in sorted(volumes, key=lambda row: row["volume_id"]):
        name, plan = row["volume_id"], plans[row["volume_id"]]
        volume = open_row(row["path"], row, image, putting_in(plan, name))
        who = {key: row[key] for key in ("patient_id", "laterality", "view")}
        made = inserted_image(volume, plan, **who)
        write_bytes(target / f"{name}.dcm", dicom_bytes(made))
        write_bytes(target / f"{name}.seg.dcm", truth_bytes(made, plan))
        sheet.append({"volume_id": name, **who, "path": f"{name}.dcm"})
        marked += _own_rows(volume, name, [one for one in own if one["volume_id"] == name])
        for one in objects_of(plan):
            if one.kind == "calcification":  # the exported slices are in the volume's order
                marked.append({**annotation_row(plan, one), "slice": one.slice})
            truth.append(truth_row(plan, one))
        log.info("%s: %d objects", name, sum(1 for _ in objects_of(plan)))
    write_text(target / "volumes.tsv", sheet_text(COLUMNS, sheet))
    write_text(target / "annotations.tsv", sheet_text(ANNOTATION_COLUMNS, marked))
    write_text(target / "truth.tsv", sheet_text(TRUTH_COLUMNS, truth))


def _own_rows(volume: Volume, name: str, rows: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the user's annotations of a volume, slices in the volume's order."""
    header = volume.header
    known = Opened(name, header.slices, header.slice_spacing_mm, header.turned, volume.sources())
    drawn = placed(rows, [known])
    return [{key: row.get(key) for key in ANNOTATION_COLUMNS if key != "mask"} for row in drawn]


if __name__ == "__main__":
    run(main, snakemake)
