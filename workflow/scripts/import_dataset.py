"""Turn a published data set, or any tree of DICOM files, into sheets."""

import logging
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tomocalc.adapters.bcs_dbt import bcs_dbt
from tomocalc.adapters.cbis_ddsm import cbis_ddsm
from tomocalc.adapters.dicom_folder import dicom_folder
from tomocalc.adapters.dicom_tree import link_series
from tomocalc.adapters.inbreast import inbreast
from tomocalc.adapters.mini_mias import mini_mias
from tomocalc.adapters.sheets import REASONS, Sheets, find_one, write_sheets
from tomocalc.adapters.victre import victre
from tomocalc.log import run
from tomocalc.sheets import CALCIFIED

log = logging.getLogger("tomocalc.import_dataset")

NOTES = {
    "bcs_dbt": "the boxes outline masses and distortions: calcifications of these volumes are not "
    "annotated, so nothing can be trained or evaluated on them, only predicted",
    "inbreast": "inside the ellipses called Cluster no calcification is outlined: their candidates "
    "belong to neither class",
    "cbis_ddsm": "the data set does not say its pixel spacing: it is taken from the configuration",
}
"""What to know of a data set before its sheets are used."""
SETTINGS = {"bcs_dbt": " image='{side_mismatch: repair}'"}
"""What a run on a data set needs besides its sheets."""


def main(
    *, dataset: str, folder: str, settings: Mapping[str, Any], files: str, **written: Any
) -> None:
    """Write the sheets of the data set in *folder*, as `write_sheets` takes what is *written*.

    Parameters
    ----------
    dataset
        Its name among the keys of ``import``.
    settings
        Section ``import`` of the configuration.
    files
        Folder for what the sheets refer to and the data set does not hold as it is.
    """
    Path(files).mkdir(parents=True, exist_ok=True)
    sheets = read_dataset(dataset, Path(folder), settings, Path(files))
    if dataset in NOTES:
        log.warning(NOTES[dataset])
    write_sheets(sheets, where=folder, **written)
    lines = summary(sheets, written["volumes"], written["annotations"], written["unplaced"])
    lines[-1] += SETTINGS.get(dataset, "")
    sys.stderr.write("\n".join([*lines, *filter(None, [NOTES.get(dataset)])]) + "\n")


def summary(sheets: Sheets, volumes: str, annotations: str, unplaced: str) -> list[str]:
    """Say what was found, what was left out and why, and the next command."""
    patients = {row["patient_id"] for row in sheets.volumes}
    kinds = Counter(row["kind"] for row in sheets.volumes if row.get("kind"))
    # What lies at one place of neighbouring slices, a line each, is one finding.
    places = {tuple((k, v) for k, v in row.items() if k != "slice") for row in sheets.annotations}
    found = Counter(dict(place)["kind"] for place in places)
    reasons = Counter(row["reason"] for row in sheets.unplaced)
    images = sum(row.get("slices") or 0 for row in sheets.volumes)
    lines = [
        f"{len(sheets.volumes):,} volumes of {len(patients):,} patients"
        + f", {images:,} images" * (images > 0)
        + f" ({_counted(kinds) or 'of one kind'}): {volumes}",
        f"{len(places):,} findings ({_counted(found) or 'none is annotated'}): {annotations}",
        f"{len(sheets.unplaced):,} left out ({_counted(reasons) or 'nothing'}): {unplaced}",
    ]
    marked = any(found[kind] for kind in CALCIFIED)
    named = [f"sheet: {volumes}", f"annotations: {annotations if marked else 'null'}"]
    if len(kinds) > 1:
        chosen = "tomosynthesis" if "tomosynthesis" in kinds else kinds.most_common(1)[0][0]
        named.append(f"kinds: [{chosen}]")
    put_in = "" if marked else " insertion='{enabled: true}'"
    if all(row.get("slices") == 1 for row in sheets.volumes):  # there is no depth
        put_in += " sequence='{kind: single_step, slices: 1}'"
    why = "" if marked else " (or fill a copy of the annotations first; this puts some in)"
    source = f"source=volumes volumes='{{{', '.join(named)}}}'{put_in}"
    apart = "pathvars='{results: results/my_study, logs: logs/my_study}'"
    return [*lines, f"Next{why}: snakemake -n --config {source} {apart}"]


def _counted(counts: Mapping[str, int]) -> str:
    """Count up kinds or reasons, the most frequent first."""
    common = Counter(counts).most_common(REASONS)
    more = [f"{len(counts) - len(common)} more reasons"] if len(counts) > len(common) else []
    return "; ".join([f"{count:,} {name}" for name, count in common] + more)


def read_dataset(dataset: str, folder: Path, settings: Mapping[str, Any], files: Path) -> Sheets:
    """Return the rows of a data set, and write below *files* what they refer to."""
    if dataset == "mini_mias":
        return mini_mias(find_one(folder, "Info.txt", "list of findings")[0])
    if dataset == "bcs_dbt":
        return bcs_dbt(folder)
    if dataset == "cbis_ddsm":
        return cbis_ddsm(folder, pixel_spacing_mm=settings["cbis_ddsm_spacing_mm"])
    if dataset == "inbreast":
        return inbreast(folder)
    if dataset == "victre":
        return victre(folder, files=files)
    sheets, scattered = dicom_folder(
        folder,
        laterality=settings["dicom_laterality"],
        site=settings["dicom_site"],
        series=files,
        sides=settings["dicom_sides"],
    )
    link_series(files, scattered)
    return sheets


if __name__ == "__main__":
    run(main, snakemake, schemas=dict(snakemake.params.schemas), **dict(snakemake.output.items()))
