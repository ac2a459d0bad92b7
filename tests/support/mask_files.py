"""Masks as pictures: what marks the same square, each in another way."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import SimpleITK
import tifffile
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset
from scipy import ndimage

from support.image_files import TOMOSYNTHESIS, dicom, item, write_dicom, write_jpeg, write_png

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
SHAPE = (64, 48)
MARKED = np.zeros(SHAPE, bool)
MARKED[20:26, 8:14] = True
INNER = np.zeros(SHAPE, bool)
INNER[21:25, 9:13] = True
PARTS = np.where(MARKED, np.arange(48) // 11 * 20 + 10, 0).astype(np.uint8)
"""Two labels side by side."""
SHADE = np.zeros(SHAPE, np.uint8)
SHADE[50, 40:48:2] = 3, 9, 12, 20
BLUR = np.zeros(SHAPE, np.uint8)
BLUR[26:28, 8:14] = np.arange(20, 104, 7).reshape(2, 6)


def grey(low: int, high: int, dtype: Any = np.uint8) -> NDArray[Any]:
    return np.where(MARKED, high, low).astype(dtype)


def rgba(path: Path, alpha: int) -> None:
    colours = np.dstack([grey(0, 255), grey(0, 0), grey(0, 80), np.full(SHAPE, alpha, np.uint8)])
    Image.fromarray(colours).save(path)


def colours(path: Path, mark: Any, *, background: Any = (0, 0, 0)) -> None:
    image = np.where(MARKED[..., None], mark, background).astype(np.uint8)
    Image.fromarray(image).save(path)


def rung(level: int) -> NDArray[np.uint8]:
    """Return a mask as it comes back from a JPEG: with ringing beside the mark."""
    content = io.BytesIO()
    Image.fromarray(grey(0, level)).save(content, "jpeg", quality=40)
    found = np.array(Image.open(content))
    assert len(np.unique(found)) > 8
    return found


def scaled(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a mask that was enlarged and reduced again, so that greys line its edges."""
    rows, columns = mask.shape
    large = Image.fromarray(mask).resize((2 * columns, 2 * rows), Image.Resampling.BILINEAR)
    return np.array(large.resize((columns, rows), Image.Resampling.BILINEAR))


def palette(path: Path, colours: Sequence[int] = (90, 90, 90, 200, 0, 0)) -> None:
    image = Image.fromarray(grey(0, 1), mode="P")
    image.putpalette([*colours, *[0] * 762])
    image.save(path)


def write_itk(path: Path, array: NDArray[Any]) -> None:
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(path), useCompression=True)


def segmentation(frames: list[Dataset], **changes: Any) -> Dataset:
    fractional = changes.get("SegmentationType") == "FRACTIONAL"
    marked = grey(0, 200 if fractional else 1)
    options = {"sop_class": SEGMENTATION, "spacing": None, "SegmentationType": "BINARY"}
    made = dicom([marked] * len(frames), enhanced=True, **{**options, **changes})
    made.PerFrameFunctionalGroupsSequence = frames
    return made


def derived(*sources: tuple[str, list[int] | int | None]) -> Dataset:
    images = []
    for uid, frames in sources:
        image = item(ReferencedSOPClassUID=TOMOSYNTHESIS, ReferencedSOPInstanceUID=uid)
        if frames is not None:
            image.ReferencedFrameNumber = frames
        images.append(image)
    return item(DerivationImageSequence=[item(SourceImageSequence=images)])


def at(depth: float) -> Dataset:
    return item(
        PlanePositionSequence=[item(ImagePositionPatient=[0.0, 0.0, depth])],
        PlaneOrientationSequence=[item(ImageOrientationPatient=[1.0, 0, 0, 0, 1.0, 0])],
    )


def faint(path: Path) -> None:
    made = segmentation([derived(("1.2.3", 1))], SegmentationType="FRACTIONAL")
    made.MaximumFractionalValue = 255
    made.PixelData = grey(0, 127).tobytes()
    made.save_as(path, enforce_file_format=True)


LABELS = np.where(MARKED, 1, 0) + 2 * np.roll(MARKED, 20, axis=1) + 3 * np.roll(MARKED, 20, axis=0)


def resampled(path: Path, labels: NDArray[Any]) -> None:
    """Write labels that were enlarged threefold with interpolation."""
    tifffile.imwrite(path, np.rint(ndimage.zoom(labels.astype(float), 3, order=1)).astype(np.uint8))  # pyright: ignore[reportCallIssue]


def deepened(path: Path) -> None:
    """Write pages between which others were interpolated."""
    pages = np.pad(np.stack([LABELS, LABELS]), ((1, 1), (0, 0), (0, 0))).astype(float)
    write_itk(path, np.rint(ndimage.zoom(pages, (2, 1, 1), order=1)).astype(np.uint8))  # pyright: ignore[reportCallIssue]


def outlines(path: Path) -> None:
    made = dicom([grey(0, 1)], sop_class="1.2.840.10008.5.1.4.1.1.481.3")
    del made.PixelData
    made.save_as(path, enforce_file_format=True)


def write_stack(path: Path) -> None:
    pages = np.zeros((5, *SHAPE), np.uint8)
    pages[1][MARKED], pages[3][:5, :5] = 255, 255
    if path.suffix == ".tif":
        tifffile.imwrite(path, pages, metadata=None)
    elif path.suffix:
        write_itk(path, pages)
    else:
        path.mkdir()
        for index, page in enumerate(pages):
            (path / f"{index}.png").write_bytes(imagecodecs.png_encode(page))


PICTURES = {
    "255.png": lambda path: write_png(path, grey(0, 255)),
    "1.png": lambda path: write_png(path, grey(0, 1)),
    "inverted.png": lambda path: write_png(path, grey(255, 0)),
    "background-255.png": lambda path: write_png(path, grey(255, 1)),
    "wide.png": lambda path: write_png(path, grey(7, 3000, np.uint16)),
    "opaque.png": lambda path: rgba(path, 255),
    "palette.png": palette,
    "dark-blue.png": lambda path: colours(path, (0, 0, 1)),
    "dark-blue.tif": lambda path: colours(path, (0, 0, 1)),
    "dark-palette.png": lambda path: palette(path, [0, 0, 0, 0, 0, 1]),
    "blue.jpg": lambda path: colours(path, (0, 0, 255)),
    "green-on-white.png": lambda path: colours(path, (0, 255, 0), background=(255, 255, 255)),
    "of-one-luma.png": lambda path: colours(path, (255, 0, 0), background=(76, 76, 76)),
    "from-jpeg.png": lambda path: write_png(path, rung(255)),
    "from-jpeg-inverted.png": lambda path: write_png(path, 255 - rung(255)),
    "labels.png": lambda path: write_png(path, grey(0, 200) + PARTS),
    "labels.tif": lambda path: tifffile.imwrite(path, (grey(0, 0) + PARTS).astype(np.float32)),
    "bits.png": lambda path: Image.fromarray(MARKED).save(path),
    "bits.tif": lambda path: Image.fromarray(MARKED).save(path),
    "lossy.jpg": lambda path: write_jpeg(path, grey(0, 255), quality=60),
    "lossy-of-100.jpg": lambda path: write_jpeg(path, grey(0, 100), quality=95),
    "lossy-inverted.jpg": lambda path: write_jpeg(path, grey(255, 0), quality=60),
    "probabilities.tif": lambda path: tifffile.imwrite(path, MARKED * np.float32(0.6) + 0.1),
    "outline.png": lambda path: write_png(path, np.where(INNER, 0, grey(0, 255))),
    "smoothed.png": lambda path: write_png(path, grey(0, 255) + BLUR),
    "scaled.png": lambda path: write_png(path, scaled(grey(0, 255))),
    "signed.tif": lambda path: tifffile.imwrite(path, grey(-1, 4, np.int16)),
    "labels.dcm": lambda path: write_dicom(path, [grey(0, 3)]),
    "monochrome1.dcm": lambda path: write_dicom(
        path, [grey(0, 255)], PhotometricInterpretation="MONOCHROME1"
    ),
    "flat.nii": lambda path: write_itk(path, grey(0, 2)),
}
