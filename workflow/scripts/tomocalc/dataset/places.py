"""Whether annotations can lie in their images, as far as the sizes of these are known.

Only what Snakemake itself needs is imported here: asked of the sheets before any job, and again of
the volumes once they are measured.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tomocalc.cells import LINE, Fault, together
from tomocalc.errors import TomocalcError, fault
from tomocalc.sections import Finding, lines_of
from tomocalc.sheets import CALCIFIED

SEVERAL = 3
"""Lines from which on all of them show that their places are meant in another way."""
MOST = 0.5
"""Largest share of the breast that the mask of a finding may have."""
LEAST = 0.1
"""Share of the image below which no outline is too large, however small the breast looks."""


@dataclass(frozen=True)
class Size:
    """Size of a volume; what is not known bounds nothing.

    Attributes
    ----------
    rows, columns, slices
        Their numbers.
    breast_share
        Largest share of a slice that is breast, 0..1.
    """

    rows: float = math.inf
    columns: float = math.inf
    slices: float = math.inf
    breast_share: float = math.inf

    def __str__(self) -> str:
        """Return what is known of slices, rows and columns, in words."""
        sides = " and ".join(filter(None, (self._told("rows"), self._told("columns"))))
        return " of ".join(filter(None, (self._told("slices"), sides)))

    def _told(self, name: str) -> str:
        number = getattr(self, name)
        return f"{number} {name}" if number < math.inf else ""


def misplaced(
    sheet: str, findings: Iterable[Finding], sizes: Mapping[str, Size]
) -> list[TomocalcError]:
    """Return which lines lie outside their volume, or have a mask of another size.

    A shape may reach over the border, as long as its centre lies in the image.

    Parameters
    ----------
    sheet
        Its path, for the messages.
    findings
        Lines of the sheet, or what they have become in their place, with their parts.
    sizes
        Of volumes, by their id, as far as they are known.

    Returns
    -------
    list of TomocalcError
        ``E303``, those of one remedy together; a single one where all lines would fit with x and
        y exchanged.
    """
    lines = [line for finding in findings for line in lines_of(finding)]
    sized = [(row, sizes.get(row["volume_id"], Size())) for row in lines]
    outside = [row for row, size in sized if _outside(row, size)]
    if len(outside) >= SEVERAL and not any(_outside(_exchanged(row), size) for row, size in sized):
        why = f"{len(outside)} of {len(sized)} lie outside their images, and all lie inside with "
        fix = "exchange the columns: x is the column, counted from the left, and y the row"
        return [misfit(f"{sheet}:{outside[0][LINE]}", f"{why}x and y exchanged", fix)]
    faults: dict[int, Fault] = {}
    for row, size in sized:
        if reason := _reason(row, size):
            why = reason[0] + (f", and {row['volume_id']} has {size}" if str(size) else "")
            error = misfit(f"{sheet}:{row[LINE]}", why, reason[1])
            faults.setdefault(row[LINE], (row[LINE], "", error))
    return together(faults[line] for line in sorted(faults))


def misfit(where: str, why: str, fix: str) -> TomocalcError:
    """Return why an annotation cannot be of its volume."""
    return fault("annotation_misplaced", where, why, fix)


def centre(row: Finding) -> tuple[float, float]:
    """Return column and row of the centre; x and y of a box are its top left corner."""
    width, height = extent(row) if row["radius"] is None else (0.0, 0.0)
    return row["x"] + width / 2, row["y"] + height / 2


def extent(row: Finding) -> tuple[float, float]:
    """Return width and height in pixels."""
    if row["radius"] is not None:
        return 2 * row["radius"], 2 * row["radius"]
    return row["width"] or 0.0, row["height"] or 0.0


def _reason(row: Finding, size: Size) -> tuple[str, str] | None:
    """Return why a row does not fit and what mends it; None where it fits."""
    last = max([row["slice"] or 0, *row.get("mask_slices", [])])
    if last >= size.slices:
        return f"slice is {last}", "count slices from 0"
    if "mask_shape" in row:
        rows, columns = row["mask_shape"]
        if (rows, columns) != (size.rows, size.columns):
            why = f"the mask has {rows} rows and {columns} columns"
            return why, "give a mask of the size of the slices"
        if row["mask_pages"] not in (1, size.slices):
            return f"the mask has {row['mask_pages']} pages", "give one page, or a page a slice"
        if row["mask_share"] > MOST * size.breast_share:
            covers = [f"{share:.0%}" for share in (row["mask_share"], size.breast_share)]
            why = f"the mask covers {covers[0]} of the image, the breast {covers[1]}"
            return why, "mark the finding, not the breast; is the mask inverted?"
        return None
    share = math.prod(max(side, 1.0) for side in extent(row)) / (size.rows * size.columns)
    if row["kind"] in CALCIFIED and share > max(MOST * size.breast_share, LEAST):
        why = f"it covers {min(share, 1):.0%} of the image, the breast {size.breast_share:.0%}"
        return why, "outline the finding, not the breast, in pixels"
    if axis := _outside(row, size):
        place = centre(row)["xy".index(axis)]
        fix = "give x as the column and y as the row, in pixels, of a box its top left corner"
        return f"{axis} of its centre is {place:g}", fix
    return None


def _outside(row: Finding, size: Size) -> str:
    """Return the axis along which the centre lies outside the image; empty where it lies inside."""
    if row.get("mask"):
        return ""
    x, y = centre(row)
    if not 0 <= x < size.columns:
        return "x"
    return "" if 0 <= y < size.rows else "y"


def _exchanged(row: Finding) -> Finding:
    width, height = row["height"], row["width"]
    return {**row, "x": row["y"], "y": row["x"], "width": width, "height": height}
