"""What every format hands over: slices in order, and what its headers say of the volume."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tomocalc.errors import TomocalcError
from tomocalc.readers.plane import Plane


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the headers of a volume say; nothing for formats that have no such header."""

    spacing_mm: tuple[float, float] | None = None
    """(row, column)."""
    spacing_source: str = ""
    slice_spacing_mm: float | None = None
    slice_spacing_source: str = ""
    laterality: str | None = None
    view: str | None = None
    burned_in: bool = False
    contradiction: str | None = None
    """Why the header cannot be trusted without a word from the sheet, if so."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Slices in order; one that cannot be used stands as its fault."""

    planes: list[Plane | TomocalcError]
    facts: Facts


def file_stack(files: list[Path]) -> Stack:
    """Read the headers of *files*, which hold one volume, in the order of their names.

    Raises
    ------
    TomocalcError
        ``E207`` when DICOM and other formats are mixed; see also `dicom_stack`.
    """
    # Imported here: a volume of PNG files needs neither pydicom nor tifffile.
    from tomocalc.readers.sniff import Kind, sniff

    kinds: dict[Path, Kind] = {}
    faults: dict[Path, TomocalcError] = {}
    for file in files:
        try:
            kinds[file] = sniff(file)
        except TomocalcError as error:
            faults[file] = error
    found = set(kinds.values())
    if len(found) > 1:
        names = ", ".join(sorted(kind.value for kind in found))
        raise TomocalcError(
            "E207",
            what="a volume mixes formats",
            where=str(files[0].parent),
            why=f"its files are {names}",
            fix="name the slices of one format by a pattern such as *.png",
        )
    if Kind.DICOM in found:
        from tomocalc.readers.dicom_stack import dicom_stack

        return dicom_stack(files)
    planes: list[Plane | TomocalcError] = []
    for file in files:
        planes += [faults[file]] if file in faults else _planes(file, kinds[file])
    return Stack(planes=planes, facts=Facts())


def _planes(file: Path, kind: object) -> list[Plane | TomocalcError]:
    from tomocalc.readers.raster import raster_plane
    from tomocalc.readers.sniff import Kind
    from tomocalc.readers.tiff import tiff_planes

    try:
        if kind is Kind.TIFF:
            return tiff_planes(file)
        assert isinstance(kind, Kind)
        return [raster_plane(file, kind)]
    except TomocalcError as error:
        return [error]
