"""What every format hands over: slices in order, and what its headers say of the volume."""

from __future__ import annotations

from dataclasses import dataclass

from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError
from tomocalc.readers.plane import Plane


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the headers of a volume say; nothing for formats that have no such header."""

    spacing_mm: tuple[float, float] | None = None
    """(row, column)."""
    spacing_source: str = ""
    spacings_differ: bool = False
    """Images or frames have different pixel spacings; `spacing_mm` is the first."""
    slice_spacing_mm: float | None = None
    slice_spacing_source: str = ""
    study: str = ""
    """Digest of the Study Instance UID; empty without one."""
    laterality: str | None = None
    view: str | None = None
    contradiction: Doubt | None = None
    """Why the header cannot be trusted without a word from the sheet, if so."""
    doubts: tuple[Doubt, ...] = ()
    left_out: tuple[str, ...] = ()
    """Images in its place that are no slices of it: place and reason."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Slices in order; one that cannot be used stands as its fault."""

    planes: list[Plane | TomocalcError]
    facts: Facts
