"""Whether annotations lie in their volumes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tomocalc.cells import LINE
from tomocalc.errors import TomocalcError


def misplaced(
    sheet: str, annotations: Iterable[Mapping[str, Any]], volumes: Iterable[Mapping[str, Any]]
) -> Iterator[TomocalcError]:
    """Say which annotations lie outside their volume, or have a mask of another size.

    Parameters
    ----------
    sheet
        Path of the sheet, for the messages.
    annotations
        Rows of the sheet as `placed` returns them.
    volumes
        Manifests: volume_id, rows, columns and slices.

    Yields
    ------
    TomocalcError
        ``E303``, one per line of the sheet at most.
    """
    sizes = {volume["volume_id"]: volume for volume in volumes}
    for row in annotations:
        volume = sizes[row["volume_id"]]
        why, fix = _fault(row, volume)
        if why:
            yield TomocalcError(
                "E303",
                what="an annotation does not fit its volume",
                where=f"{sheet}:{row[LINE]}",
                why=f"{why}, and {row['volume_id']} has {volume['slices']} slices of "
                f"{volume['rows']} rows and {volume['columns']} columns",
                fix=fix,
            )


def _fault(row: Mapping[str, Any], volume: Mapping[str, Any]) -> tuple[str, str]:
    """Return why a row does not fit and what mends it; empty where it fits."""
    last = max([row["slice"] or 0, *row.get("mask_slices", [])])
    if last >= volume["slices"]:
        return f"slice is {last}", "count slices from 0"
    if "mask_shape" in row:
        rows, columns = row["mask_shape"]
        if (rows, columns) != (volume["rows"], volume["columns"]):
            why = f"the mask has {rows} rows and {columns} columns"
            return why, "give a mask of the size of the slices"
        return "", ""
    for axis, extent, size in (("x", "width", "columns"), ("y", "height", "rows")):
        value, reach = row[axis], row[extent]
        if value >= volume[size]:
            return f"{axis} is {value:g}", "give x as the column and y as the row, in pixels"
        if reach is not None and value + reach > volume[size]:
            why = f"{axis} is {value:g} and {extent} {reach:g}"
            return why, "give x and y of the top left corner of the box, in pixels"
    return "", ""
