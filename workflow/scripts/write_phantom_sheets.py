"""Gather the in-silico cohort into the sheets that a user would write."""

from pathlib import Path
from typing import Any

from tomocalc.files import VOLUME_COLUMNS, sheet_text, write_text
from tomocalc.log import run

SITE = "in-silico phantom"


def main(
    *,
    rows: list[dict[str, Any]],
    format: str,  # noqa: A002
    annotations: list[str],
    truth: list[str],
    volumes_sheet: str,
    annotations_sheet: str,
    truth_sheet: str,
) -> None:
    """Write the three sheets of the cohort.

    Parameters
    ----------
    rows
        One row per volume.
    format
        ``dicom`` or ``png``: which files of a volume the sheet names.
    annotations, truth
        Sheets of single volumes, all with the same columns.
    """
    folder = Path(volumes_sheet).parent
    place = f"{folder}/png/{{}}" if format == "png" else f"{folder}/{{}}.dcm"
    located = [{**row, "path": place.format(row["volume_id"]), "site": SITE} for row in rows]
    write_text(volumes_sheet, sheet_text(VOLUME_COLUMNS, located))
    write_text(annotations_sheet, _stacked(annotations))
    write_text(truth_sheet, _stacked(truth))


def _stacked(sheets: list[str]) -> str:
    """Return sheets of equal columns one below the other, under one header."""
    texts = [Path(sheet).read_text(encoding="utf-8").splitlines() for sheet in sorted(sheets)]
    lines = [texts[0][0], *(line for text in texts for line in text[1:])]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    run(main, snakemake)
