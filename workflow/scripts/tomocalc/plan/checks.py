"""What the sheets tell before any job runs: a split that cannot work, a spacing that lacks.

Only what Snakemake itself needs is imported here.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tomocalc.cells import LINE, Row, row_error, together
from tomocalc.dataset.dealing import fewest
from tomocalc.dataset.places import SEVERAL, Size, misplaced
from tomocalc.errors import TomocalcError, fault
from tomocalc.readers.sources import source_names
from tomocalc.sections import Finding, SplitSection

if TYPE_CHECKING:
    import polars as pl

OUTCOMES = ("benign", "malignant")
CALCIFICATION = "calcification"
NO_SPACING = {".png", ".pgm", ".jpg", ".jpeg", ".tif", ".tiff"}
"""Endings of formats that carry no spacing."""
ONE_SLICE = NO_SPACING - {".tif", ".tiff"}
"""Of these those that hold one slice a file."""
SLIP = 5
"""How much larger or smaller than most a pixel spacing is a slip of the pen."""
GROUPED = 10
"""How much larger whole places are than others with three decimals, which stand for thousands."""


@dataclass(frozen=True)
class Cohort:
    """Who is in a run, as its sheets say.

    Attributes
    ----------
    patients
        Their number.
    having
        How many of them have what every part and fold of a split needs, by its name.
    findings
        Annotations of all kinds.
    where
        The sheet of annotations, or what stands for it.
    unit
        What is counted as patients where none are named.
    """

    patients: int
    having: Mapping[str, int]
    findings: int
    where: str
    unit: str = "patients"

    @classmethod
    def of(
        cls, volumes: Iterable[Row], needed: Mapping[str, set[str]], *, findings: int, where: str
    ) -> Cohort:
        """Count the patients of *volumes*, and those of the volumes with each thing *needed*."""
        patient = {row["volume_id"]: row["patient_id"] for row in volumes}
        having = {
            kind: len({patient[name] for name in names if name in patient})
            for kind, names in needed.items()
        }
        return cls(len(set(patient.values())), having, findings, where)

    @classmethod
    def of_table(cls, rows: pl.DataFrame, features: Sequence[str], *, where: str) -> Cohort:
        """Count the patients of a table, or where it names none its different rows."""
        focus = rows.filter("focus")
        named = bool((focus["patient_id"] != "").all())
        columns = ["patient_id"] if named else list(features)
        having = {
            f"{kind} row": focus.filter(focus["label"] == label).select(columns).n_unique()
            for kind, label in (("positive", 1), ("negative", 0))
        }
        unit = "patients" if named else "groups of equal rows"
        return cls(focus.select(columns).n_unique(), having, rows.height, where, unit)


def by_outcome(findings: Sequence[Row], column: str) -> dict[str, set[str]]:
    """Return the volumes of the findings of either outcome, which *column* tells."""
    return {
        f"{it} finding": {row["volume_id"] for row in findings if row[column] == it}
        for it in OUTCOMES
    }


def missing_outcomes(
    findings: Sequence[Row], where: str, *, others: int = 0
) -> Iterator[TomocalcError]:
    """Say that benign or malignant findings are not annotated, or neither: ``E304``.

    Parameters
    ----------
    findings
        Calcifications and clusters; *others* is how many of other kinds there are.
    """
    counts = {word: sum(row["pathology"] == word for row in findings) for word in OUTCOMES}
    if not all(counts.values()):
        told = ", ".join(f"{count} {word}" for word, count in counts.items())
        why = f"of {len(findings)} calcifications and clusters are {told}, the others unknown"
        why += f"; {others} findings are masses and the like" if others else ""
        yield fault("no_both_outcomes", f"{where}, column pathology", why)


def check_split(cohort: Cohort, split: SplitSection, *, raisable: bool = False) -> None:
    """Check that an honest split of *cohort* can have a calcification in every part and fold.

    It can wherever this passes, as long as the candidates of every patient are found.

    Parameters
    ----------
    split
        Section of the configuration.
    raisable
        Whether a larger ``insertion.fraction`` puts calcifications into more patients.

    Raises
    ------
    TomocalcError
        ``E304``, with the number of folds or patients that works.
    """
    kind, rarer = min(cohort.having.items(), key=lambda item: item[1])
    raisable = raisable and kind == CALCIFICATION and cohort.patients >= fewest(2)
    if kind == CALCIFICATION and not (rarer or raisable):
        kinds = f"its {cohort.findings} findings are of other kinds" if cohort.findings else ""
        raise fault("no_calcification", cohort.where, kinds or "it has no rows")
    folds = split["folds"]
    if rarer >= fewest(folds):
        return
    fewer = ", and set split.folds to 2" if folds > 2 else ""
    more = f"add {fewest(2) - rarer} or more {cohort.unit} with a {kind}{fewer}"
    why = (
        f"{rarer} of {cohort.patients} {cohort.unit} have a {kind}, "
        f"and the test part and each of {folds} folds need one"
    )
    add = f"add {cohort.unit}"
    if raisable and cohort.patients >= fewest(folds):
        add = more = "raise insertion.fraction"
    elif raisable:
        more = f"raise insertion.fraction{fewer}"
    less = f"set split.folds to {rarer - 1}, or {add}"
    raise fault("too_few_for_folds", cohort.where, why, less if rarer >= fewest(2) else more)


def wrong_spacing(sheet: str, rows: Sequence[Row]) -> list[TomocalcError]:
    """Return the rows that lack a spacing which their images cannot carry, or have a strange one.

    No model could read both a spacing and one `SLIP` times as large.

    Parameters
    ----------
    rows
        Of the sheet of volumes.
    """
    found = []
    known = sorted(filter(None, (row["pixel_spacing_mm"] for row in rows)))
    usual = known[len(known) // 2] if len(known) >= SEVERAL else None
    for row in rows:
        where = f"{sheet}:{row[LINE]}, column"
        for name, suffix in _without(row):
            error = fault(
                "spacing_to_fill",
                f"{where} {name}",
                f"files that end in {suffix} carry none",
                axis=name.split("_")[0],
                column=name,
            )
            found.append((row[LINE], f"{name} {suffix}", error))
        own = row["pixel_spacing_mm"]
        if usual and own and max(own, usual) >= SLIP * min(own, usual):
            why = f"{own:g} is far from {usual:g}, as most volumes of the sheet have"
            fix = "correct it, or take the volume out"
            found.append((row[LINE], "slip", row_error(f"{where} pixel_spacing_mm", why, fix)))
    return together(found)


def wrong_places(
    sheet: str, annotations: Sequence[Row], volumes: Iterable[Row], *, tolerance_mm: float
) -> list[TomocalcError]:
    """Return the places that cannot lie in their images, as far as the sheets tell.

    Places that are all shares of an image, with a mark between thousands, boxes whose size is that
    of their far corner, points that nothing can lie on, and all that `misplaced` finds.

    Parameters
    ----------
    sheet
        Path of the sheet of annotations.
    annotations, volumes
        Rows of both sheets.
    """
    places = [row for row in annotations if None not in (row["x"], row["y"])]

    def told(row: Row, why: str, fix: str) -> list[TomocalcError]:
        return [row_error(f"{sheet}:{row[LINE]}", why, fix)]

    points = [row for row in places if row["radius"] == 0 and row["kind"] == CALCIFICATION]
    if points and not tolerance_mm:
        why = f"{len(points)} points have radius 0, and labels.tolerance_mm is 0: all are missed"
        return told(points[0], why, "set labels.tolerance_mm to 0.3, or give them a radius")
    if len(places) >= SEVERAL and all(0 <= row[axis] <= 1 for row in places for axis in "xy"):
        why = "x and y of all lines lie between 0 and 1: they seem to be shares of the image"
        fix = "multiply x by the columns and y by the rows: places are in pixels"
        return told(places[0], why, fix)
    for axis in "xy":
        whole = sorted(row[axis] for row in places if row[axis] == int(row[axis]))
        others = [row for row in places if row[axis] != int(row[axis])]
        least = whole[len(whole) // 2] / GROUPED if whole else 0
        thousands = all(
            row[axis] < min(least, 1000) and _in_thousandths(row[axis]) for row in others
        )
        if len(others) >= SEVERAL and thousands:
            why = f"{axis} of {len(others)} lines has decimals and is far smaller than the whole "
            fix = "write numbers without a mark between thousands"
            return told(others[0], f"{why}numbers of the others: as if 1.234 meant 1234", fix)
    boxes = [row for row in places if row.get("width") and min(row["x"], row["y"]) > 0]
    if len(boxes) >= SEVERAL and all(r["width"] > r["x"] and r["height"] > r["y"] for r in boxes):
        why = "width and height of all boxes are larger than x and y: they seem to be corners"
        fix = "give width as x of the right edge minus x, and height likewise"
        return told(boxes[0], why, fix)
    named = {row["volume_id"] for row in annotations}
    sizes = {row["volume_id"]: _size(row) for row in volumes if row["volume_id"] in named}
    return misplaced(sheet, cast("Sequence[Finding]", annotations), sizes)


def _in_thousandths(value: float) -> bool:
    return abs(1000 * value - round(1000 * value)) < 1e-6


def _size(volume: Row) -> Size:
    """Return the size of a volume as its sheet tells it, as imports write it, or its pictures."""
    told = {name: volume.get(name) for name in ("rows", "columns", "slices")}
    told = {name: n if isinstance(n, int) and n > 0 else None for name, n in told.items()}
    try:
        files = source_names(volume["path"]) if volume.get("path") else []
    except TomocalcError:
        files = []  # told as what it is
    if files and told["rows"] is None:
        told |= _png_size(files[0])
    single = {Path(name).suffix.lower() for name in files} <= ONE_SLICE
    if told["slices"] is None and len(files) > 1 and single:
        told["slices"] = len(files)
    return Size(**{name: number for name, number in told.items() if number is not None})


def _png_size(file: str) -> dict[str, int]:
    """Return rows and columns of a PNG slice, and nothing of other files."""
    try:
        with Path(file).open("rb") as content:  # the width stands before the height
            start, width, height = struct.unpack(">16sII", content.read(24))
    except (OSError, struct.error):
        return {}  # told as what it is
    return {"rows": height, "columns": width} if start.startswith(b"\x89PNG") else {}


def _without(row: Row) -> Iterator[tuple[str, str]]:
    """Yield the spacings that a row lacks, with the ending of its files."""
    absent = [name for name in ("pixel_spacing_mm", "slice_spacing_mm") if row[name] is None]
    if not absent or not row["path"]:
        return
    try:
        files = source_names(row["path"])
    except TomocalcError:
        return  # told as what it is
    endings = {Path(name).suffix.lower() for name in files}
    if endings <= NO_SPACING:
        for name in absent:
            if name == "pixel_spacing_mm" or len(files) > 1:
                yield name, min(endings)
