"""Open a DICOM file: its transfer syntax, its allow-listed attributes, the place of its pixels."""

import io
import warnings
from collections.abc import Collection, Sequence
from pathlib import Path

import pydicom.config
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.tag import Tag
from pydicom.uid import UID

from tomocalc.errors import TomocalcError, fault
from tomocalc.readers.dicom_elements import (
    META_BYTES,
    BadElementError,
    Elements,
    transfer_syntax,
    walk,
)
from tomocalc.readers.dicom_header import BadAttributeError, DicomHeader, keep_allowed
from tomocalc.readers.dicom_lists import (
    ALLOWED,
    DEFLATED,
    OVERLAY_BIT_POSITIONS,
    SOP_CLASSES,
    TRANSFER_SYNTAXES,
)
from tomocalc.readers.plane import damaged, named, unsupported

# Its warnings quote values of headers, in the log too.
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
TAGS = [Tag(name) for name in (*ALLOWED, *OVERLAY_BIT_POSITIONS)]
SEGMENTATION_ATTRIBUTES = ("SegmentationType", "MaximumFractionalValue")
IMAGE_ATTRIBUTES = ("Rows", "Columns", "BitsAllocated")
"""An object that does not say what it is, is an image when it has these and pixels."""


def read_header(path: Path) -> DicomHeader:
    """Read the allow-listed attributes of a DICOM file, not its pixels.

    The transfer syntax is looked at before anything else is: unpacking a deflated file could
    take all memory.

    Raises
    ------
    TomocalcError
        ``E202`` for a damaged or hostile header, ``E203`` for an object or transfer syntax that
        is not supported.
    """
    where = str(path)
    dataset, found = _read(path, TAGS)
    # No library message is quoted: it could repeat a value of the header.
    with (
        named(where, doing="a DICOM header cannot be read", quote=False),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        _check_class(dataset, found, where)
        if found.pixels is None:
            raise _no_pixels(dataset, found, where)
        try:
            return keep_allowed(dataset, syntax=found.syntax, pixels=found.pixels)
        except BadAttributeError as error:
            raise fault("header_damaged", where, str(error)) from None


def image_dataset(path: Path, keywords: Sequence[str]) -> Dataset:
    """Read chosen attributes of an image, under the same guards as `read_header`.

    For callers that must know identifiers, and answer for where these go.
    """
    names = ("SpecificCharacterSet", "SOPClassUID", *IMAGE_ATTRIBUTES, *keywords)
    dataset, found = _read(path, [Tag(name) for name in names])
    _check_class(dataset, found, str(path))
    return dataset


def segmentation_dataset(path: Path) -> tuple[Dataset, Elements]:
    """Read what a segmentation says of its frames, and find its pixels; other objects too."""
    return _read(path, [*TAGS, *(Tag(name) for name in SEGMENTATION_ATTRIBUTES)])


def _read(path: Path, tags: Collection[int]) -> tuple[Dataset, Elements]:
    """Return the attributes *tags* of a file, and what else was found on the way."""
    where = str(path)
    with (
        named(where, doing="a DICOM header cannot be read", quote=False),
        warnings.catch_warnings(),
        path.open("rb") as handle,
    ):
        warnings.simplefilter("ignore")
        head = handle.read(META_BYTES)
        syntax, start = transfer_syntax(head)
        if head[128:132] == b"DICM" and not syntax:
            raise damaged(where, "its file meta information has no Transfer Syntax UID")
        _check_syntax(syntax, where)
        try:
            found = walk(handle, frozenset(map(int, tags)), syntax=syntax, start=start)
        except BadElementError as error:
            raise damaged(where, str(error)) from None
        dataset = read_dataset(
            io.BytesIO(found.kept), is_implicit_VR=found.implicit, is_little_endian=found.little
        )
    return dataset, found


def _check_syntax(syntax: str, where: str) -> None:
    if syntax == DEFLATED:
        why = "it is deflated, so its size is unknown before it is unpacked"
        raise unsupported(where, why, "store it as explicit little endian or JPEG 2000")
    if syntax and syntax not in TRANSFER_SYNTAXES:
        fix = f"convert it to one of these: {', '.join(TRANSFER_SYNTAXES.values())}"
        raise unsupported(where, f"its transfer syntax is {uid_name(syntax)}", fix)


def _check_class(dataset: Dataset, found: Elements, where: str) -> None:
    sop_class = str(dataset.get("SOPClassUID") or "")
    nameless = not sop_class and all(name in dataset for name in IMAGE_ATTRIBUTES)
    if sop_class in SOP_CLASSES or (nameless and found.pixels is not None):
        return
    raise unsupported(
        where,
        f"it is {uid_name(sop_class)}, not a tomosynthesis, mammography, CT, digital "
        "X-ray or Secondary Capture image",
        "take it out of the volume",
    )


def uid_name(uid: str) -> str:
    """Return the standard's name of *uid*; an unknown text is not repeated."""
    name = UID(uid).name
    return name if uid and name != uid else "of an unknown kind"


def _no_pixels(dataset: Dataset, found: Elements, where: str) -> TomocalcError:
    if found.private_bytes:
        return unsupported(
            where,
            f"it has no Pixel Data; {found.private_bytes >> 20 or 1} MB lie in private elements, "
            "as in Secondary Capture objects (SCO) of Hologic, whose layout is not published",
            "send the volume again as Breast Tomosynthesis (BTO) from the workstation or "
            "archive, or convert it with the maker's software",
        )
    why = (
        f"the {SOP_CLASSES.get(str(dataset.get('SOPClassUID')), 'nameless')} header ends "
        "without any: the file is cut short, or the object was stored without its image"
    )
    return fault("dicom_without_pixels", where, why)
