"""One breast in NIfTI, NRRD and MetaImage."""

import gzip
import struct
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from support.one_breast import BREAST, COLUMNS, ROWS, SIGNED, SLICES, Encoding, Frames


def itk(
    name: str, change: Callable[[Any], Any] = lambda image: image, frames: Frames = BREAST
) -> Callable[[Path], Path]:
    """Write through SimpleITK; *change* stores the same volume in another way."""

    def write(folder: Path) -> Path:
        image = SimpleITK.GetImageFromArray(frames)
        image.SetSpacing((0.1, 0.1, 1.0))
        SimpleITK.WriteImage(change(image), str(folder / name), useCompression="gz" in name)
        return folder / name

    return write


def patched(write: Callable[[Path], Path], *changes: Any) -> Callable[[Path], Path]:
    """Write and overwrite bytes: each change is an offset, a format and its numbers."""

    def write_changed(folder: Path) -> Path:
        path = write(folder)
        content = bytearray(path.read_bytes())
        for offset, form, *numbers in changes:
            struct.pack_into(form, content, offset, *numbers)
        path.write_bytes(content)
        return path

    return write_changed


def repacked(folder: Path) -> Path:
    path = itk("a.nii.gz")(folder)
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:999]) + gzip.compress(content[999:]))
    return path


def text(
    name: str, content: str, data: bytes = b"", beside: bytes | None = None
) -> Callable[[Path], Path]:
    """Write a header and its *data*, or the data *beside* it in ``d.raw``."""

    def write(folder: Path) -> Path:
        (folder / name).write_bytes(content.encode() + data)
        if beside is not None:
            (folder / "d.raw").write_bytes(beside)
        return folder / name

    return write


NRRD = (
    f"NRRD0004\ntype: uint16\ndimension: 3\nsizes: {COLUMNS} {ROWS} {SLICES}\n"
    "spacings: 0.1 0.1 1\nencoding: raw\n"
)
META = (
    f"ObjectType = Image\nNDims = 3\nDimSize = {COLUMNS} {ROWS} {SLICES}\n"
    "ElementType = MET_USHORT\nElementSpacing = 0.1 0.1 1\nElementDataFile = LOCAL\n"
)


def permuted(axes: Sequence[int]) -> Callable[[Any], Any]:
    return lambda image: SimpleITK.PermuteAxes(image, list(axes))


def towards(axes: str) -> Callable[[Any], Any]:
    return lambda image: SimpleITK.DICOMOrient(image, axes)


HEADED = b"made up".ljust(63) + b"\n" + BREAST.tobytes()
"""The breast behind a line of 64 bytes."""


ITK_ENCODINGS: dict[str, Encoding] = {
    **{name: Encoding(itk(name)) for name in ("a.nii", "a.nii.gz", "a.nrrd", "a.mha", "a.mhd")},
    "NRRD, packed": Encoding(itk("gz.nrrd")),
    "MetaImage, packed": Encoding(itk("gz.mha")),
    "NIfTI, axes turned round": Encoding(
        itk("a.nii", permuted((2, 0, 1))), doubts=("axes_turned",)
    ),
    "NRRD, axes turned round": Encoding(
        itk("a.nrrd", permuted((1, 2, 0))), doubts=("axes_turned",)
    ),
    "NIfTI, other directions": Encoding(itk("a.nii.gz", towards("RAS")), doubts=("axes_turned",)),
    "MetaImage, other directions": Encoding(itk("a.mha", towards("SPR")), doubts=("axes_turned",)),
    "NIfTI, two geometries": Encoding(
        patched(itk("a.nii"), (312, "<4f", 0, 0, 3, 0)), doubts=("affine_contradicts",)
    ),
    "NIfTI, packed in pieces": Encoding(repacked),
    "NRRD, big endian": Encoding(
        text("a.nrrd", NRRD + "endian: big\n\n", BREAST.astype(">u2").tobytes())
    ),
    "NRRD, lines of Windows": Encoding(
        text("a.nrrd", (NRRD + "endian: little\n\n").replace("\n", "\r\n"), BREAST.tobytes())
    ),
    "MetaImage, two geometries": Encoding(
        text(
            "a.mha",
            META.replace("ElementType", "ElementSize = 0.2 0.2 1\nElementType"),
            BREAST.tobytes(),
        ),
        doubts=("affine_contradicts",),
    ),
    "NIfTI, signed": Encoding(itk("a.nii", frames=SIGNED)),
    "NRRD, floats": Encoding(itk("a.nrrd", frames=BREAST.astype(np.float32)), same="rows"),
    **{
        f"MetaImage, {told} bytes before": Encoding(
            text("a.mhd", f"HeaderSize = {told}\n{META}".replace("LOCAL", "d.raw"), beside=HEADED)
        )
        for told in (64, -1)
    },
    **{
        f"NRRD, {told}": Encoding(
            text("a.nhdr", f"{NRRD}{told}\nendian: little\ndata file: d.raw\n\n", beside=HEADED)
        )
        for told in ("byte skip: 64", "byte skip: -1", "line skip: 1")
    },
    "NRRD, packed behind a line": Encoding(
        text(
            "a.nrrd",
            NRRD.replace("raw", "gzip") + "line skip: 1\nendian: little\n\n",
            HEADED[:64] + gzip.compress(BREAST.tobytes()),
        )
    ),
}
