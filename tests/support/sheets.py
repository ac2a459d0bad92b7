"""Sheets of volumes written for tests, and what reading them says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.defaults import SCHEMAS
from tomocalc.cells import Row
from tomocalc.config import Schema
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.sheets import check_volumes

VOLUMES = SCHEMAS["volumes"]
HEADER = "volume_id\tpatient_id\tlaterality\tview\tpath"


def read_volumes(path: str, schema: Schema, **options: Any) -> list[Row]:
    """Return the rows of a sheet of volumes, or raise its mistakes."""
    rows, _, errors = check_volumes(path, schema, **{"data_root": None, "look": True, **options})
    raise_all(errors)
    return rows


def sheet_writer(folder: Path) -> Callable[..., str]:
    """Return what writes a sheet into *folder*; ``IMAGE`` in a line becomes a file of its own."""
    (folder / "image.png").write_bytes(b"not looked at")

    def image(number: int) -> str:
        path = folder / f"image{number}.png"
        path.write_bytes(b"not looked at")
        return str(path)

    def write(*lines: str, header: str = HEADER, encoding: str = "utf-8", end: str = "\n") -> str:
        path = folder / "volumes.tsv"
        named = [line.replace("IMAGE", image(number)) for number, line in enumerate(lines)]
        path.write_bytes((end.join([header, *named]) + end).encode(encoding))
        return str(path)

    return write


def fault(path: str, **options: Any) -> str:
    """Return what reading a sheet of volumes says against it."""
    with pytest.raises(TomocalcError) as caught:
        read_volumes(path, VOLUMES, **options)
    return str(caught.value)
