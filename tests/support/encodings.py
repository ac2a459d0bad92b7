"""One breast, written in many ways: what each writes, and what its rows must be."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.filewriter import dcmwrite

from support.encodings_values import (
    drawn_around,
    floats,
    fragmented,
    half_padded,
    looked_up,
    padded,
    padded_floats,
    wide,
)
from support.image_files import CT, dicom, item
from support.one_breast import (
    BAND,
    BREAST,
    CORNER,
    ORDER,
    REVERSED,
    ROWS,
    SIGNED,
    SLICES,
    Encoding,
    Frames,
    many,
    saved,
)


def edited(change: Callable[[bytes], bytes], **options: Any) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = saved(lambda: many(**options))(folder)
        path.write_bytes(change(path.read_bytes()))
        return path

    return write


def bare(folder: Path) -> Path:
    """Write the data set alone, without preamble and file meta information."""
    made = many()
    del made.file_meta
    dcmwrite(folder / "a", made, implicit_vr=True, little_endian=True, enforce_file_format=False)
    return folder / "a"


def set_to(**attributes: Any) -> Callable[[Path], Path]:
    return saved(lambda: many(**attributes))


def private() -> Dataset:
    """Return the breast behind a large private sequence of undefined length."""
    made = many()
    block = made.private_block(0x0019, "MADE UP", create=True)
    block.add_new(0x10, "SQ", [item(), item()])
    for part in made[0x0019, 0x1010].value:
        part.private_block(0x0019, "MADE UP", create=True).add_new(0x12, "OB", bytes(3_000_000))
    made[0x0019, 0x1010].is_undefined_length = True
    return made


def placed_in_stack() -> Dataset:
    """Return shuffled frames without positions that say their place in the stack."""
    made = many(order=ORDER)
    for place, group in zip(ORDER, made.PerFrameFunctionalGroupsSequence, strict=True):
        del group.PlanePositionSequence
        group.FrameContentSequence = [item(StackID="1", InStackPositionNumber=place + 1)]
    return made


def with_slabs() -> Dataset:
    """Return a frame of a slab behind every slice, by its frame type."""
    made = many(
        np.repeat(BREAST, 2, axis=0), positions=[[-float(k // 2), 0, 0] for k in range(2 * SLICES)]
    )
    for number, group in enumerate(made.PerFrameFunctionalGroupsSequence):
        words = [*WORDS, "MAXIMUM" if number % 2 else "NONE"]
        group.XRay3DFrameTypeSequence = [item(FrameType=words)]
    return made


def measured(**spacing: Any) -> Callable[[Path], Path]:
    def make() -> Dataset:
        made = many(spacing=None)
        for name, value in spacing.items():
            setattr(made, name, value)
        return made

    return saved(make)


def spread() -> Dataset:
    """Return frames whose pixel spacing grows with height, as in cone-beam grids; none is 0.1."""
    made = many(spacing=None)
    for index, group in enumerate(made.PerFrameFunctionalGroupsSequence):
        group.PixelMeasuresSequence = [item(PixelSpacing=[0.102 + index * 1e-3] * 2)]
    return made


def one(index: int, image: Frames | None = None, **attributes: Any) -> Dataset:
    """Return a single-frame object of slice *index*, or of another *image* at its place."""
    image = BREAST[index] if image is None else image
    positions = [[-float(index), 0.0, 0.0]]
    uid = f"1.2.3.{index}.{len(attributes)}"
    given = {"sop_class": CT, "InstanceNumber": index + 1, "SOPInstanceUID": uid, **attributes}
    return dicom([np.asarray(image)], bits=12, positions=positions, **given)


def series(*others: Callable[[], Dataset], **attributes: Any) -> Callable[[Path], Path]:
    """Write a folder of single slices, shuffled by name, with *others* among them."""

    def write(folder: Path) -> Path:
        for name, index in enumerate(ORDER):
            one(index, **attributes).save_as(folder / f"{name}", enforce_file_format=True)
        for number, make in enumerate(others):
            make().save_as(folder / f"x{number}", enforce_file_format=True)
        return folder

    return write


def saved_each(make: Callable[[int], Dataset]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        for index in range(SLICES):
            make(index).save_as(folder / str(index), enforce_file_format=True)
        return folder

    return write


def flat(**attributes: Any) -> Callable[[], Dataset]:
    """Return the maker of an image beside the slices: the brightest of all."""
    return lambda: one(SLICES, BREAST.max(axis=0), **attributes)


def concatenated(parts: Sequence[int] = (0, 1, 2)) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        for part in parts:
            made = many(BREAST, order=range(2 * part, 2 * part + 2))
            made.ConcatenationUID, made.InConcatenationNumber = "1.2.9", part + 1
            made.InConcatenationTotalNumber, made.SOPInstanceUID = 3, f"1.2.3.{part}"
            made.save_as(folder / f"{9 - part}.dcm", enforce_file_format=True)
        return folder

    return write


MISNAMED = b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0"
WORDS = ["DERIVED", "PRIMARY", "TOMOSYNTHESIS"]
UNPLACED = {"ImagePositionPatient": None, "PerFrameFunctionalGroupsSequence": [Dataset()]}

DICOM_ENCODINGS: dict[str, Encoding] = {
    **{
        name: Encoding(set_to(syntax=name))
        for name in (
            "explicit",
            "implicit",
            "big_endian",
            "rle",
            "jpeg_lossless",
            "jpeg_lossless_sv1",
            "jpegls",
            "jpeg2000",
        )
    },
    "no preamble": Encoding(edited(lambda content: content[132:])),
    "no file meta information": Encoding(bare),
    "implicit said, explicit stored": Encoding(edited(lambda content: content.replace(*MISNAMED))),
    "no class": Encoding(set_to(SOPClassUID=None), doubts=("no_class",)),
    "excess bytes": Encoding(saved(lambda: many(PixelData=BREAST.tobytes() + bytes(512)))),
    "large private sequence": Encoding(saved(private)),
    "no number of frames": Encoding(set_to(NumberOfFrames=None)),
    "no table of frames": Encoding(saved(lambda: fragmented("none"))),
    "wrong table of frames": Encoding(saved(lambda: fragmented("zeros"))),
    "shuffled frames": Encoding(
        saved(lambda: many(order=ORDER)), order=ORDER, doubts=("frames_reordered",)
    ),
    "reversed frames": Encoding(
        saved(lambda: many(order=REVERSED, syntax="jpegls")),
        order=REVERSED,
        doubts=("frames_reordered",),
    ),
    "shuffled frames, placed in their stack": Encoding(
        saved(placed_in_stack),
        options={"slice_spacing_mm": 1.0},
        order=ORDER,
        doubts=("frames_reordered",),
    ),
    "MONOCHROME1": Encoding(
        saved(lambda: many(4095 - BREAST, PhotometricInterpretation="MONOCHROME1"))
    ),
    "falling slope": Encoding(
        saved(lambda: many(4095 - BREAST, RescaleSlope=-2, RescaleIntercept=9))
    ),
    "rescaled": Encoding(set_to(RescaleSlope=3.5, RescaleIntercept=-1024)),
    "signed around zero": Encoding(saved(lambda: many(SIGNED - 2048))),
    "signed from zero": Encoding(saved(lambda: many(SIGNED, bits=16)), same="rows"),
    "high bits": Encoding(saved(lambda: many(BREAST << 4, HighBit=15))),
    "more bits than said": Encoding(set_to(BitsStored=10, HighBit=9), doubts=("bits_exceeded",)),
    "Modality LUT": Encoding(saved(looked_up)),
    "a window": Encoding(set_to(WindowCenter=300, WindowWidth=100)),
    "floats": Encoding(saved(floats), same="rows"),
    "floats with bright padding": Encoding(saved(padded_floats), same="candidates"),
    "slabs among the frames": Encoding(
        saved(with_slabs),
        order=[k // 2 if k % 2 == 0 else -1 for k in range(2 * SLICES)],
        doubts=("left_out",),
    ),
    "32 bits": Encoding(saved(wide), same="rows"),
    "bright padding": Encoding(padded(4095), same="candidates"),
    "padding beyond the bits": Encoding(padded(65535), same="candidates"),
    "bright padding of half the slices, that nothing names": Encoding(
        saved(half_padded), same="candidates", doubts=("bright_outside",)
    ),
    "a bright corner that nothing names": Encoding(
        padded(4095, CORNER, named=False), same="candidates", doubts=("bright_outside",)
    ),
    "a band of padding": Encoding(padded(4095, BAND), same="candidates"),
    "dark padding": Encoding(padded(0), same="candidates"),
    "MONOCHROME1, padding 0": Encoding(
        padded(0, PhotometricInterpretation="MONOCHROME1"), same="candidates"
    ),
    "bright padding that nothing names": Encoding(
        padded(4095, named=False), same="candidates", doubts=("bright_outside",)
    ),
    "MONOCHROME1, padding 0 that nothing names": Encoding(
        padded(0, named=False, PhotometricInterpretation="MONOCHROME1"),
        same="candidates",
        doubts=("bright_outside",),
    ),
    "a bright frame": Encoding(drawn_around(2, 4095), same="candidates", doubts=("framed",)),
    "a range of padding": Encoding(padded(4000, PixelPaddingRangeLimit=4095), same="candidates"),
    "negative padding": Encoding(padded(-2000, bits=16), same="candidates"),
    "magnified": Encoding(
        measured(ImagerPixelSpacing=[0.15, 0.15], EstimatedRadiographicMagnificationFactor=1.5),
        doubts=("magnified",),
    ),
    "spacing of the detector": Encoding(
        measured(ImagerPixelSpacing=[0.1, 0.1]), doubts=("detector_spacing",)
    ),
    "another SpacingBetweenSlices": Encoding(
        set_to(SpacingBetweenSlices=2.0), doubts=("positions_differ",)
    ),
    "slices thinner than their distance": Encoding(
        set_to(SliceThickness=0.4), doubts=("slices_apart",)
    ),
    "thickness of the breast": Encoding(set_to(SliceThickness=50.0, SpacingBetweenSlices=1.0)),
    "spacings that differ": Encoding(
        saved(spread), options={"pixel_spacing_mm": 0.1}, doubts=("spacings_differ",)
    ),
    "single slices": Encoding(series()),
    "a synthetic image beside them": Encoding(
        series(flat(ImageType=[*WORDS, "GENERATED_2D"])), doubts=("left_out",)
    ),
    "a C-View beside them": Encoding(
        series(flat(ImageType=["DERIVED", "PRIMARY", "C_VIEW"])), doubts=("left_out",)
    ),
    "slabs beside them": Encoding(
        series(flat(ImageType=[*WORDS, "MAXIMUM"]), flat(ImageType=[*WORDS, "MEAN"], Rows=ROWS)),
        doubts=("left_out",),
    ),
    "thicker images beside them": Encoding(
        series(flat(SliceThickness=8.0), SliceThickness=1.0), doubts=("left_out",)
    ),
    "a localiser beside them": Encoding(
        series(flat(ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])), doubts=("left_out",)
    ),
    "an image across them": Encoding(
        series(flat(ImageOrientationPatient=[1.0, 0, 0, 0, 1.0, 0])), doubts=("left_out",)
    ),
    "numbers that repeat": Encoding(
        saved_each(lambda index: one(index, InstanceNumber=index // 2)), doubts=("numbers_repeat",)
    ),
    "numbers that skip one, no positions": Encoding(
        saved_each(lambda n: one(n, InstanceNumber=n + (n > 3), **UNPLACED)),
        options={"slice_spacing_mm": 1.0},
        doubts=("numbers_skip",),
    ),
    "a codestream of the stored bits alone": Encoding(set_to(syntax="jpeg2000", HighBit=15)),
    "a projection beside them": Encoding(
        series(flat(SOPClassUID="1.2.840.10008.5.1.4.1.1.13.1.5")), doubts=("left_out",)
    ),
    "a twin for processing": Encoding(
        series(lambda: one(1, PresentationIntentType="FOR PROCESSING")), doubts=("left_out",)
    ),
    "a concatenation": Encoding(concatenated()),
}
