"""What every format hands over: slices in order, and what its headers say of the volume."""

from __future__ import annotations

from dataclasses import dataclass

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
