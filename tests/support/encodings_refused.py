"""Files of which it cannot be told which breast they hold: what writes them, what is said."""

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset

from support.encodings import concatenated, flat, one, private, series, spread
from support.encodings_files import ome, tiff
from support.encodings_itk import HEADED, itk, patched, text
from support.encodings_itk import META as OF_BREAST
from support.one_breast import BREAST, COLUMNS, ROWS, SLICES, many, saved


def series_of_two(folder: Path) -> Path:
    for index in range(SLICES):
        made = one(index, SeriesInstanceUID=f"1.2.{index % 2}")
        made.save_as(folder / str(index), enforce_file_format=True)
    return folder


def two_per_position() -> Dataset:
    return many(np.repeat(BREAST, 2, axis=0), positions=[[-float(k // 2), 0, 0] for k in range(12)])


def partly_placed() -> Dataset:
    made = many()
    for frame in (2, 4):
        del made.PerFrameFunctionalGroupsSequence[frame].PlanePositionSequence
    return made


def cut_short(folder: Path) -> Path:
    path = tiff(imagej=True, truncate=True, metadata={"axes": "ZYX"})(folder)
    path.write_bytes(path.read_bytes()[: -2 * BREAST[0].nbytes])
    return path


def undescribed(folder: Path) -> Path:
    path = tiff(BREAST[0])(folder)
    path.write_bytes(path.read_bytes() + BREAST[1:].tobytes())
    return path


def array(name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (np.savez if name.endswith("z") else np.save)(folder / name, BREAST)
        return folder / name

    return write


def private_frames(folder: Path) -> Path:
    made = private()
    del made.PixelData
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    return saved(lambda: made)(folder)


def with_data(name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        text(name, META.format("8 8 8", "False", "d.raw"))(folder)
        (folder / "d.raw").write_bytes(bytes(1024))
        return folder

    return write


def animated(folder: Path) -> Path:
    first, *others = (Image.fromarray((image >> 4).astype(np.uint8)) for image in BREAST)
    first.save(folder / "a.png", save_all=True, append_images=others)
    return folder / "a.png"


def packed_folder(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("0.dcm", bytes(200))
    return folder / "a.zip"


META = (
    "ObjectType = Image\nNDims = 3\nDimSize = {}\nElementType = MET_USHORT\n"
    "CompressedData = {}\nElementDataFile = {}\n"
)
NRRD = "NRRD0004\ntype: uint16\ndimension: 3\nsizes: {}\nencoding: {}\n{}\n"
MICRO = NRRD.format(f"{COLUMNS} {ROWS} {SLICES}", "raw", "spacings: 100 100 1000\nendian: little\n")
RGB = np.repeat(np.arange(64, dtype=np.uint8).reshape(4, 4, 4)[..., None], 3, axis=3)

REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "two series": (series_of_two, "E207.*more than one volume.*2 series"),
    "two frames per position": (saved(two_per_position), "E207.*order.*ImagePositionPatient"),
    "frames without a position": (saved(partly_placed), "E207.*2 of its 6 images have no position"),
    "an image without a position": (
        series(flat(ImagePositionPatient=None)),
        "E207.*1 of its 7 images have no position",
    ),
    "a picture of an unknown kind": (
        series(flat(ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"])),
        "E207.*2 kinds by ImageType",
    ),
    "a picture of another view": (series(flat(ViewPosition="MLO")), "E207.*side or view"),
    "two thicknesses": (
        series(*(lambda k=k: one(10 + k, BREAST[k], SliceThickness=5.0) for k in range(6))),
        "E207.*it cannot be told which images are the slices",
    ),
    "a missing part": (concatenated((0, 2)), "E207.*of the 3 parts of the concatenation 2 are"),
    "projections": (
        saved(lambda: many(ImageType=["ORIGINAL", "PRIMARY", "TOMO_PROJ"])),
        "E203.*it is a projection",
    ),
    "spacings that differ": (saved(spread), "E205.*different pixel spacings"),
    "frames in private elements": (private_frames, "E203.*private elements.*BTO"),
    "ImageJ, channels": (
        tiff(BREAST.reshape(3, 2, ROWS, COLUMNS), imagej=True, metadata={"axes": "ZCYX"}),
        "E203.*it has 2 channels",
    ),
    "tifffile, channels": (
        tiff(BREAST[:2], metadata={"axes": "CYX"}, photometric="minisblack"),
        "E203.*it has 2 channels",
    ),
    "OME, channels": (ome(range(SLICES), channels=2), "E203.*it has 2 channels"),
    "tifffile, two axes": (
        tiff(BREAST.reshape(3, 2, ROWS, COLUMNS), metadata={}, photometric="minisblack"),
        "E203.*another axis beside its slices",
    ),
    "ImageJ, cut short": (cut_short, "E207.*its description says 6 planes"),
    "planes that nothing describes": (undescribed, "E207.*its one page takes"),
    "npy": (array("a.npy"), r"E203.*NumPy array \(\.npy\)"),
    "npz": (array("a.npz"), r"E203.*NumPy archive \(\.npz\)"),
    "an animated PNG": (animated, "E203.*animated PNG.*each picture as a file"),
    "a ZIP archive": (packed_folder, "E203.*ZIP archive.*unpack it"),
    "pixels that are not square": (
        saved(lambda: many(spacing=None, PixelAspectRatio=[2, 1])),
        r"E205.*not square \(PixelAspectRatio\)",
    ),
    "spacing in micrometres": (saved(lambda: many(spacing=(85.0, 85.0))), "E205.*85 mm.*unit"),
    "spacing in centimetres": (saved(lambda: many(spacing=(0.01, 0.01))), "E205.*0.01 mm.*unit"),
    "NIfTI of more slices than it says": (
        patched(itk("a.nii"), (46, "<h", 2)),
        "E207.*says 59904 bytes of pixels, and 179712",
    ),
    "NIfTI of NaN": (
        itk("a.nii.gz", frames=np.where(BREAST < 500, np.nan, BREAST).astype(np.float32)),
        "E206.*NaN or infinite",
    ),
    "NRRD of an unknown order of bytes": (
        text("a.nrrd", NRRD.format("8 8 8", "raw", "spacings: 1 1 2\n"), bytes(1024)),
        "E203.*order of bytes.*endian: little",
    ),
    "MetaImage of data that begin somewhere": (
        text("a.mhd", OF_BREAST.replace("LOCAL", "d.raw"), beside=HEADED),
        "E207.*179776 are stored.*HeaderSize",
    ),
    "MetaImage of a header in itself": (
        text("a.mha", OF_BREAST.replace("ElementSp", "HeaderSize = 64\nElementSp"), HEADED),
        "E203.*HeaderSize 64 beside data.*delete HeaderSize",
    ),
    "MetaImage that does not say how much is packed": (
        text("a.mha", META.format("8 8 8", "True", "LOCAL"), zlib.compress(bytes(1024))),
        "E203.*CompressedDataSize is 0",
    ),
    "NRRD of an unknown depth": (
        text("a.nrrd", MICRO.replace("100 100 1000", "0.1 0.1 nan"), BREAST.tobytes()),
        "E205.*slice spacing is missing.*slice_spacing_mm",
    ),
    **{
        f"NIfTI of a depth of {step}": (patched(itk("a.nii"), (88, "<f", step)), words)
        for step, words in (
            (float("nan"), "E205.*slice spacing is missing"),
            (0.0, "E205.*slice spacing is missing"),
            (-1.0, "E203.*spacing of -1"),
            (float("inf"), "E203.*spacing of inf"),
        )
    },
    "MetaImage of decimal commas": (
        text("a.mha", "ElementSpacing = 0,1 0,1 1\n" + META.format("8 8 8", "False", "LOCAL")),
        "E202.*, or correct its header there",
    ),
    "MetaImage of a depth that is no number": (
        text("a.mha", "ElementSpacing = 0.1 0.1 NaN\n" + META.format("8 8 8", "False", "LOCAL")),
        "E202.*no number",
    ),
    "NRRD, in micrometres": (text("a.nrrd", MICRO, BREAST.tobytes()), "E205.*100 mm.*unit"),
    "MetaImage of text": (
        text("a.mha", "BinaryData = False\n" + META.format("8 8 8", "False", "LOCAL")),
        "E203.*its data are text",
    ),
    "MetaImage of other intensities": (
        text(
            "a.mha",
            "ElementToIntensityFunctionSlope = -1\n" + META.format("8 8 8", "False", "LOCAL"),
        ),
        "E203.*to be multiplied by -1",
    ),
    "NRRD, colours": (itk("a.nrrd", frames=RGB), "E203.*"),
    "a folder of a MetaImage and its data": (
        with_data("a.mhd"),
        "E203.*the data of a.mhd beside it.*give the path of a.mhd",
    ),
    "PGM of several pictures": (
        text("a.pgm", "P5 16 16 255\n", (bytes(256) + b"P5 16 16 255\n") * 9),
        "E203.*PGM file of several pictures.*save each picture",
    ),
    "MetaImage of another folder": (
        text("a.mhd", META.format("8 8 8", "False", "../secret.raw")),
        "E203.*in another folder",
    ),
    "MetaImage, a list of files": (
        text("a.mhd", META.format("8 8 8", "False", "LIST")),
        "E203.*in several files",
    ),
    "MetaImage of more than it holds": (
        text("a.mha", META.format("999 999 99", "False", "LOCAL"), bytes(999)),
        "E202.*bytes, and .* are stored",
    ),
    "MetaImage that unpacks to more than memory": (
        text("a.mha", META.format("99999 99999 99", "True", "LOCAL"), bytes(999)),
        "E204.*larger than memory",
    ),
    "NRRD that cannot unpack to so much": (
        text("a.nrrd", NRRD.format("999 999 99", "gzip", "endian: big\n"), bytes(999)),
        "E202.*bytes, and .* are stored",
    ),
}
