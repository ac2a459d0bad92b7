"""What a file is, by its first bytes; its name must agree. Standard library only."""

import enum
import re
import struct
import zlib
from pathlib import Path

from tomocalc.errors import fault

HEAD = 1 << 16
"""Bytes that are enough to tell every format: packed NIfTI is unpacked a little."""


class Kind(enum.Enum):
    """The image formats that can be read."""

    DICOM = "DICOM"
    PNG = "PNG"
    TIFF = "TIFF"
    PGM = "PGM"
    JPEG = "JPEG"
    NIFTI = "NIfTI"
    NRRD = "NRRD"
    META = "MetaImage"


SUFFIXES = {
    ".dcm": Kind.DICOM,
    ".dicom": Kind.DICOM,
    ".png": Kind.PNG,
    ".tif": Kind.TIFF,
    ".tiff": Kind.TIFF,
    ".pgm": Kind.PGM,
    ".jpg": Kind.JPEG,
    ".jpeg": Kind.JPEG,
    ".nii": Kind.NIFTI,
    ".nrrd": Kind.NRRD,
    ".nhdr": Kind.NRRD,
    ".mha": Kind.META,
    ".mhd": Kind.META,
}
"""What a name promises. Other endings promise nothing: DICOM files are often named by a UID."""

META_LINE = re.compile(rb"(?m)^(ObjectType|NDims)\s*=")
SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", Kind.PNG),
    (b"II*\x00", Kind.TIFF),
    (b"MM\x00*", Kind.TIFF),
    (b"II+\x00", Kind.TIFF),
    (b"MM\x00+", Kind.TIFF),
    (b"P5", Kind.PGM),
    (b"\xff\xd8\xff", Kind.JPEG),
    (b"NRRD000", Kind.NRRD),
)

HEADERS = (".mhd", ".nhdr", ".hdr")
"""Of text files that name the file of their data."""
FROM_ROI = "show it on the slice in ImageJ, choose Edit > Selection > Create Mask, save it as TIFF"
EXPORT = "save it as TIFF, or as NIfTI or NRRD with its spacing"
PICTURES = (
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"RIFF", "a WebP image"),
    (b"\x00\x00\x00\x0cjP  ", "a bare JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a bare JPEG 2000 file"),
    (b"P1", "a plain-text bitmap (PBM)"),
    (b"P2", "a plain-text PGM"),
    (b"P3", "a plain-text PPM"),
    (b"P4", "a bitmap (PBM)"),
    (b"P6", "a colour PPM"),
)
ARRAYS = (
    (b"\x93NUMPY", "a NumPy array (.npy)"),
    (b"MATLAB 5.0", "a MATLAB file (.mat)"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x5c\x01\x00\x00", "Analyze 7.5, which does not say how it lies"),
)
PACKED = ((b"\x1f\x8b", "gzip data"), (b"PK\x03\x04", "a ZIP archive"), (b"7z\xbc\xaf", "7z data"))
ROI = b"Iout"
OTHERS = (
    (ROI, "an ImageJ ROI: an outline, and no pixels"),
    *PICTURES,
    *ARRAYS,
    *PACKED,
    (b"%PDF", "a PDF document"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)


def sniff(path: Path) -> Kind:
    """Return the format of *path*.

    Raises
    ------
    TomocalcError
        ``E201`` for an empty file, ``E203`` for an unknown format or a name that disagrees.
    """
    with path.open("rb") as handle:
        head = handle.read(HEAD)
    if not head:
        raise fault("image_empty", path, "it has no bytes")
    kind = _kind(head)
    if kind is None:
        if head.startswith(b"PK\x03\x04") and path.suffix.lower() == ".npz":
            raise fault("not_an_image", path, "it is a NumPy archive (.npz)", EXPORT)
        if header := header_of(path):
            why = f"it holds the data of {header.name} beside it"
            raise fault("not_an_image", path, why, f"give the path of {header.name}")
        if path.suffix.lower() == ".raw":
            fix = "write a header beside it (.mhd), and give the path of that"
            raise fault("not_an_image", path, "it holds numbers without their sizes", fix)
        if head.startswith(b"PK\x03\x04") and b".roi" in head[:256]:
            raise fault("not_an_image", path, "it is a ZIP archive of ImageJ ROIs", FROM_ROI)
        raise fault("not_an_image", path, f"it {_describe(head)}", _remedy(head))
    promised = SUFFIXES.get(path.suffix.lower(), kind)
    if promised is not kind:
        why = f"the name promises {promised.value} and the content is {kind.value}"
        raise fault("not_an_image", path, why, f"rename it to what it is ({kind.value})")
    return kind


def header_of(path: Path) -> Path | None:
    """Return the file beside *path* that is the header of its data, if there is one."""
    for beside in sorted(path.parent.iterdir()):
        if beside.suffix.lower() in HEADERS and beside.is_file() and beside != path:
            with beside.open("rb") as handle:
                named = path.name.encode() in handle.read(HEAD)
            if named or beside.stem == path.stem:
                return beside
    return None


def _remedy(head: bytes) -> str:
    """Return what to do with a file of another format."""
    if head.startswith(ROI):
        return FROM_ROI
    if head.startswith(tuple(mark for mark, _ in ARRAYS)):
        return EXPORT
    if head.startswith(tuple(mark for mark, _ in PACKED)):
        return "unpack it, and give the folder or file that it holds"
    if head.startswith(tuple(mark for mark, _ in PICTURES)):
        return "save it as PNG or TIFF without loss"
    return "replace it by the image"


def _kind(head: bytes) -> Kind | None:
    if head[128:132] == b"DICM":
        return Kind.DICOM
    for mark, kind in SIGNATURES:
        if head.startswith(mark):
            return kind
    if _is_nifti(head) or (head.startswith(b"\x1f\x8b") and _is_nifti(_unpacked(head))):
        return Kind.NIFTI
    if META_LINE.search(head[:4096]) and b"ElementType" in head:
        return Kind.META
    return Kind.DICOM if _is_bare_dicom(head) else None


def _is_nifti(head: bytes) -> bool:
    if head[:4] in (b"\x5c\x01\0\0", b"\0\0\x01\x5c"):
        return head[344:348] in (b"n+1\0", b"ni1\0")
    return head[4:8] in (b"n+2\0", b"ni2\0") and head[:4] in (b"\x1c\x02\0\0", b"\0\0\x02\x1c")


def _unpacked(head: bytes) -> bytes:
    """Return the first bytes of gzip data."""
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 1024)
    except zlib.error:
        return b""


def _is_bare_dicom(head: bytes) -> bool:
    """Return whether *head* is DICOM without preamble, or even without file meta information."""
    group, element = struct.unpack_from("<HH", head.ljust(8, b"\0"))
    if group == 2:
        return element <= 0x10 and head[4:6] in (b"UL", b"OB", b"UI")
    if group != 8 or element > 0x70:
        return False
    (length,) = struct.unpack_from("<I", head.ljust(8, b"\0"), 4)
    return head[4:6] in (b"CS", b"UI", b"DA", b"UL", b"LO") or length < 256


def _describe(head: bytes) -> str:
    for mark, name in OTHERS:
        if head.startswith(mark):
            return f"is {name}"
    # Only the tag of a web page is quoted: other text could be a patient's name.
    if tag := re.match(rb"(?:\xef\xbb\xbf)?\s*(<[!?]?[A-Za-z]{1,12})", head):
        return f"starts with `{tag[1].decode()}`, as a web page does"
    if all(byte >= 32 or byte in b"\t\r\n" for byte in head[:64]):
        return "is text"
    return "has no known signature (PNG, TIFF, JPEG, PGM or DICOM with its DICM mark)"
