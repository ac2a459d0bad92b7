"""One stored slice: what its header says, how to decode it; and slices in order."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError, fault

NOT_THE_SYSTEM = (None, errno.EINVAL, errno.EOVERFLOW, errno.EFBIG)
"""Of an OSError that a damaged file causes: a library's own, or a seek to an absurd offset."""


class Decoded(NamedTuple):
    """A slice as its file holds it."""

    image: NDArray[Any]
    """(row, column), more is more attenuating."""
    padding: NDArray[np.bool_] | None = None
    """Which pixels are padding, if any."""
    coloured: float = 0.0
    """Share of its pixels whose colours differ."""


COPY_AGAIN = "copy the file again from its source"


@dataclass(frozen=True, kw_only=True)
class Plane:
    """One slice as a file holds it.

    Nothing is kept open, so a plane can be sent to another process.
    """

    where: str
    """File, and the page or frame in it, for messages."""
    path: Path
    rows: int
    columns: int
    dtype: str
    """Of the decoded values: ``uint8`` or ``uint16``; another real type needs a `Scale`."""
    bits: int
    """Values lie in 0 .. 2**bits - 1 (for ``uint8`` and ``uint16``)."""
    recipe: str
    """Everything beside the stored bytes that decides the decoded values."""
    decode: Callable[[], Decoded]
    channels: int = 1
    """Values per pixel: more than one may be colours."""
    lossy: bool = False
    """Compression changes values."""
    spans: tuple[tuple[int, int], ...]
    """Offset and length of the stored bytes in the file; none where only decoding tells."""
    resolution_mm: tuple[float, float, float | None] | None = None
    """(row, column, slice) by the resolution that a picture states; None where it says nothing."""
    stored: int = 0
    """By which number annotations name it: its place as the files store it, from 0."""
    source: str = ""
    """SOP Instance UID of the image; for comparison only."""
    position_mm: float | None = None
    """Along the normal of the image plane."""
    orientation: tuple[float, ...] | None = None
    """ImageOrientationPatient: directions along a row and down a column."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Whose breast a volume shows, and how it was made, as far as headers say."""

    study: str = ""
    """Digest of the Study Instance UID; empty where no header names one."""
    laterality: str | None = None
    """L or R; of an open volume the sheet's, where it says one."""
    view: str | None = None
    """CC, MLO, …"""
    vendor: str | None = None
    """Maker of the system, one of `dicom_lists.MAKERS` or ``other``."""
    left_out: tuple[str, ...] = ()
    """Images in its place that are no slices of it: place and reason."""
    half_angle_deg: float | None = None
    """Half the angle that the tube moved through."""
    projections: int | None = None
    """X-ray projections of the acquisition."""


@dataclass(frozen=True, kw_only=True)
class Facts(Origin):
    """What the headers of a volume say; nothing for formats that have no such header."""

    spacing_mm: tuple[float, float] | None = None
    """(row, column)."""
    spacing_source: str = ""
    oblong: bool = False
    """The header has no spacing, but says that pixels are not square."""
    spacings_differ: bool = False
    """Images or frames have different pixel spacings; `spacing_mm` is the first."""
    slice_spacing_mm: float | None = None
    slice_spacing_source: str = ""
    resolution_mm: tuple[float, float, float | None] | None = None
    """(row, column, slice) by the resolution of a picture, which proves nothing."""
    contradiction: Doubt | None = None
    """Why the header cannot be trusted without a word from the sheet, if so."""
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stack:
    """Slices in order; one that cannot be used stands as its fault."""

    planes: list[Plane | TomocalcError]
    facts: Facts


def source_key(uid: str) -> str:
    """Return what stands for an image's identifier in accounts: a hash, never the identifier."""
    return hashlib.sha256(uid.encode()).hexdigest()[:16] if uid else ""


@contextlib.contextmanager
def named(where: str, *, doing: str, quote: bool = True) -> Iterator[None]:
    """Turn whatever a library raises into a `TomocalcError` that names the place.

    Parameters
    ----------
    where
        File and slice.
    doing
        What failed, as a phrase: "an image cannot be decoded".
    quote
        Whether the library's message may be shown; not while it reads a DICOM header, where
        messages can quote a patient's data. The cause is then cut off too.
    """
    try:
        yield
    except TomocalcError:
        raise
    except RecursionError:
        raise damaged(where, "its content is nested too deeply") from None
    except MemoryError:
        fix = "give the rule more memory, or lower image.max_pixels"
        raise TomocalcError(
            "E204", what=doing, where=where, why="memory ran out", fix=fix
        ) from None
    except Exception as error:
        cause = error if quote else None
        if isinstance(error, OSError) and error.errno not in NOT_THE_SYSTEM:
            fix = "make the file readable, and leave it in place while the workflow runs"
            raise fault(
                "image_unreadable", where, os.strerror(error.errno or errno.EIO), fix
            ) from cause
        lines = str(error).strip().splitlines() if quote else []
        # SimpleITK begins with places in its own source, and ends with the reason.
        told = lines[-1 if "SimpleITK" in lines[0] else 0] if lines else ""
        why = f"{type(error).__name__}: {told}" if told else type(error).__name__
        fix = COPY_AGAIN + ", or correct its header there" * ("header" in doing)
        raise TomocalcError("E202", what=doing, where=where, why=why, fix=fix) from cause


def damaged(where: str, why: str) -> TomocalcError:
    """Name an image that is damaged or cut short."""
    return fault("image_damaged", where, why)


def left_over(where: str, needed: int, found: int) -> TomocalcError:
    """Name a file that holds *found* bytes of pixels where its header says *needed*."""
    why = f"its header says {needed} bytes of pixels, and {found} are stored"
    return fault("file_slices_differ", where, why)


def unsupported(where: str, why: str, fix: str) -> TomocalcError:
    """Name an image of a kind that cannot be measured."""
    return fault("image_unsupported", where, why, fix)


def read_spans(path: Path, spans: tuple[tuple[int, int], ...], where: str) -> bytes:
    """Return the stored bytes of a slice.

    Raises
    ------
    TomocalcError
        ``E202`` when the file ends before them.
    """
    with path.open("rb") as handle:
        parts = []
        for offset, length in spans:
            handle.seek(offset)
            part = handle.read(length)
            if len(part) < length:
                why = f"the file ends {length - len(part)} bytes before the slice does"
                raise damaged(where, why)
            parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def same_values(array: NDArray[Any]) -> NDArray[Any]:
    """Return *array* contiguous and in the machine's byte order."""
    return np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
