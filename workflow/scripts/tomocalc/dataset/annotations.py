"""From the lines of an annotation sheet to findings: in their place, each counted once."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.cells import LINE
from tomocalc.config import SCHEMAS, load_schema
from tomocalc.dataset.masks import placed
from tomocalc.errors import TomocalcError
from tomocalc.sections import Finding, lines_of
from tomocalc.sheets import CALCIFIED, read_annotations

SCHEMA = SCHEMAS / "annotations.schema.yaml"
NEIGHBOURING = 2
"""Slices at most between two lines of one finding: every slice or every other one is outlined."""
FAR = 10
"""Slices at most between two lines that are copies, the outline of some slices being left out."""
SEVERAL = 3
"""Lines from which on their places, all of them, show that x and y are exchanged."""
MOST = 0.5
"""Largest share of the breast that the mask of a finding may have."""
LEAST = 0.1
"""Share of the image below which no outline is too large, however small the breast looks."""
AGAIN_PX = 1.0
"""Distance of two centres on one slice within which a finding is told twice."""
SAME_PX = 3.0
"""Distance of two centres, in pixels along each axis, within which a hand marks one place."""
SAME_SHARE = 0.25
"""The same, as a share of the smaller of two extents."""


def findings_of(rows: Iterable[Finding], volumes: Iterable[VolumeManifest]) -> list[Finding]:
    """Return one row per finding, in the order of the sheet.

    Where an annotator has outlined a finding on every slice that shows it, its lines are one
    finding: lines of one volume and kind on neighbouring slices whose centres agree, and lines of
    one slice whose centres are the same to the pixel. So are a point and the outline around it,
    and copies of one shape up to `FAR` slices apart. Counted line by line they would be many
    findings, and intervals too narrow.

    Parameters
    ----------
    rows
        Lines of the sheet.
    volumes
        Manifests of all volumes that they name.

    Returns
    -------
    list of Finding
        As `placed` returns them. A finding of several lines is its middle one, with the others
        as ``parts``; its candidates may lie in any of them.
    """
    lines = placed(rows, volumes)
    chains: defaultdict[tuple[Any, ...], list[list[Finding]]] = defaultdict(list)
    for row in sorted(lines, key=lambda row: -1 if row["slice"] is None else row["slice"]):
        group = chains[row["volume_id"], row["kind"]]
        near = [chain for chain in group if _continues(chain[-1], row)]
        if near:
            chain = min(near, key=lambda chain: _apart(chain[-1], row))
            _check_outcome(chain, row)
            chain.append(row)
        else:
            group.append([row])
    order = {id(row): number for number, row in enumerate(lines)}
    whole = [chain for group in chains.values() for chain in group]
    return [_joined(chain) for chain in sorted(whole, key=lambda c: min(order[id(r)] for r in c))]


def read_findings(
    path: str,
    volumes: Sequence[VolumeManifest],
    *,
    others: bool = False,
    data_root: str | None = None,
) -> list[Finding]:
    """Return the findings of an annotation sheet, as `findings_of` does.

    Parameters
    ----------
    path
        The sheet.
    volumes
        That it may name.
    others
        Whether findings of other kinds are wanted, instead of calcifications and clusters.
    data_root
        Folder that its masks are in, or None.

    Raises
    ------
    TomocalcError
        As `tomocalc.sheets.read_annotations`.
    """
    names = [volume.volume_id for volume in volumes]
    rows = read_annotations(path, load_schema(SCHEMA), names, others=others, data_root=data_root)
    return findings_of(rows, volumes)


def own_lines(
    path: str | None, data_root: str | None, names: Sequence[str] | None = None
) -> list[Finding]:
    """Return the lines of the user's own sheet, of all kinds; none where there is no sheet.

    They may name the volumes *names*, or any.
    """
    if path is None:
        return []
    return read_annotations(path, load_schema(SCHEMA), names, others=None, data_root=data_root)


def _joined(chain: list[Finding]) -> Finding:
    middle = chain[(len(chain) - 1) // 2]
    if len(chain) == 1:
        return middle
    said = next((row["pathology"] for row in chain if row.get("pathology")), None)
    parts = [row for row in chain if row is not middle]
    return {**middle, "pathology": said, "parts": parts}


def _check_outcome(chain: Sequence[Finding], row: Finding) -> None:
    """Refuse a finding of which two lines tell two outcomes."""
    for other in chain:
        if len({row.get("pathology"), other.get("pathology")} - {None}) > 1:
            raise _fault(
                f"annotation sheet, line {row[LINE]}",
                f"it outlines what line {other[LINE]} does, with another pathology",
                "give one finding one outcome, or delete the line that is wrong",
            )


def _continues(last: Finding, row: Finding) -> bool:
    """Return whether *row* outlines what *last* outlines: on a slice behind, or once more."""
    extents = [_extent(one) for one in (last, row)]
    before, index = last["slice"], row["slice"]
    if before is None or index is None or before == index:
        # a point lies anywhere in its outline; of two outlines the centres are the same
        point = (0.0, 0.0) in extents and row["kind"] == "calcification"
        reach = [max(AGAIN_PX, max(pair) / 2 * point) for pair in zip(*extents, strict=True)]
    elif index - before <= NEIGHBOURING:
        reach = [max(SAME_PX, SAME_SHARE * min(pair)) for pair in zip(*extents, strict=True)]
    elif index - before <= FAR and extents[0] == extents[1]:
        reach = [0.0, 0.0]
    else:
        return False
    apart = zip(_centre(last), _centre(row), reach, strict=True)
    return all(abs(here - there) <= limit for here, there, limit in apart)


def _apart(one: Finding, other: Finding) -> float:
    (x, y), (u, v) = _centre(one), _centre(other)
    return float((x - u) ** 2 + (y - v) ** 2)


def _centre(row: Finding) -> tuple[float, float]:
    """Return column and row of the centre; x and y of a box are its top left corner."""
    width, height = _extent(row) if row["radius"] is None else (0.0, 0.0)
    return row["x"] + width / 2, row["y"] + height / 2


def _extent(row: Finding) -> tuple[float, float]:
    """Return width and height in pixels."""
    if row["radius"] is not None:
        return 2 * row["radius"], 2 * row["radius"]
    return row["width"] or 0.0, row["height"] or 0.0


def misplaced(
    sheet: str, findings: Iterable[Finding], volumes: Iterable[VolumeManifest]
) -> Iterator[TomocalcError]:
    """Say which annotations lie outside their volume, or have a mask of another size.

    A shape may reach over the border, as long as its centre lies in the image.

    Parameters
    ----------
    sheet
        Path of the sheet, for the messages.
    findings
        As `findings_of` returns them.
    volumes
        Manifests: volume_id, rows, columns, slices and breast_share.

    Yields
    ------
    TomocalcError
        ``E303``, one per line of the sheet at most; a single one where all lines would fit with x
        and y exchanged.
    """
    sizes = {volume.volume_id: volume for volume in volumes}
    rows = [line for finding in findings for line in lines_of(finding)]
    outside = [row for row in rows if _outside(row, sizes[row["volume_id"]])]
    if len(outside) >= SEVERAL and not any(
        _outside(_exchanged(row), sizes[row["volume_id"]]) for row in rows
    ):
        yield _fault(
            f"{sheet}:{outside[0][LINE]}",
            f"{len(outside)} of {len(rows)} lie outside their slices, and all lie inside with x "
            "and y exchanged",
            "exchange the columns: x is the column, counted from the left, and y the row",
        )
        return
    for row in rows:
        volume = sizes[row["volume_id"]]
        if fault := _reason(row, volume):
            size = f"{volume.slices} slices of {volume.rows} rows and {volume.columns}"
            why = f"{fault[0]}, and {row['volume_id']} has {size} columns"
            yield _fault(f"{sheet}:{row[LINE]}", why, fault[1])


def _reason(row: Finding, volume: VolumeManifest) -> tuple[str, str] | None:
    """Return why a row does not fit and what mends it; None where it fits."""
    last = max([row["slice"] or 0, *row.get("mask_slices", [])])
    if last >= volume.slices:
        return f"slice is {last}", "count slices from 0"
    if "mask_shape" in row:
        rows, columns = row["mask_shape"]
        if (rows, columns) != (volume.rows, volume.columns):
            why = f"the mask has {rows} rows and {columns} columns"
            return why, "give a mask of the size of the slices"
        if row["mask_pages"] not in (1, volume.slices):
            return f"the mask has {row['mask_pages']} pages", "give one page, or a page a slice"
        if row["mask_share"] > MOST * volume.breast_share:
            covers = [f"{share:.0%}" for share in (row["mask_share"], volume.breast_share)]
            why = f"the mask covers {covers[0]} of the image, the breast {covers[1]}"
            return why, "mark the finding, not the breast; is the mask inverted?"
        return None
    extents = [max(extent, 1.0) for extent in _extent(row)]
    share = math.prod(extents) / (volume.rows * volume.columns)
    if row["kind"] in CALCIFIED and share > max(MOST * volume.breast_share, LEAST):
        why = f"it covers {min(share, 1):.0%} of the image, the breast {volume.breast_share:.0%}"
        return why, "outline the finding, not the breast, in pixels"
    if axis := _outside(row, volume):
        centre = _centre(row)["xy".index(axis)]
        fix = "give x as the column and y as the row, in pixels, of a box its top left corner"
        return f"{axis} of its centre is {centre:g}", fix
    return None


def _outside(row: Finding, volume: VolumeManifest) -> str:
    """Return the axis along which the centre lies outside the image; empty where it lies inside."""
    if "mask_shape" in row:
        return ""
    x, y = _centre(row)
    if not 0 <= x < volume.columns:
        return "x"
    return "" if 0 <= y < volume.rows else "y"


def _exchanged(row: Finding) -> Finding:
    return {
        **row,
        "x": row["y"],
        "y": row["x"],
        "width": row["height"],
        "height": row["width"],
    }


def _fault(where: str, why: str, fix: str) -> TomocalcError:
    what = "an annotation does not fit its volume"
    return TomocalcError("E303", what=what, where=where, why=why, fix=fix)
