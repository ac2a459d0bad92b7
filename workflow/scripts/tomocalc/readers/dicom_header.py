"""The DICOM attributes that a reader may know, and nothing else.

Text is kept only when it is one of the listed words, so no name, date, identifier or private
value can reach an output, a log or an error message.
"""

from dataclasses import dataclass

from pydicom.dataset import Dataset

from tomocalc.files import digest
from tomocalc.readers.dicom_attributes import (
    BadAttributeError,
    ModalityTable,
    frame_kinds,
    laterality_of,
    macros_of,
    magnification_of,
    maker_of,
    modality_table,
    numbers_of,
    padding,
    pair_of,
    type_words,
    view_of,
    whole_of,
    word_of,
)
from tomocalc.readers.dicom_elements import PixelElement
from tomocalc.readers.dicom_lists import OTHER_MODALITIES, OVERLAY_BIT_POSITIONS, PHOTOMETRIC

MAX_FRAMES = 10_000
STUDY_DIGITS = 16
"""Hexadecimal digits by which studies are told apart."""
WIDEST_DEG = 120.0
"""Angle that no tube of a tomosynthesis moves through."""
ROUNDING = 1e-4
"""Relative difference of two spacings that are the same number."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """Which part of a concatenation a file is."""

    uid: str
    number: int
    total: int | None


@dataclass(frozen=True, kw_only=True)
class DicomHeader:
    """What a reader keeps of one DICOM file. Lengths in mm."""

    sop_class: str
    transfer_syntax: str
    rows: int
    columns: int
    frames: int
    samples: int
    planar: bool
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    photometric: str
    overlay_bits: bool
    padding: tuple[float, float] | None
    """Stored values, smallest and largest, of pixels where nothing was imaged."""
    table: ModalityTable | None
    rescale: tuple[tuple[float, float], ...]
    """Slope and intercept: one pair for all frames, or one per frame."""
    spacing: tuple[float, float] | None
    spacings_differ: bool
    """Frames have different pixel spacings; `spacing` is the first."""
    imager_spacing: tuple[float, float] | None
    aspect: tuple[float, float]
    magnification: float | None
    slice_spacing: float | None
    image_type: str
    """Digest of the words of ImageType; for comparison only."""
    kinds: tuple[str, ...]
    """A key of `dicom_attributes.KIND_NAMES` for all frames, or one per frame."""
    thickness: tuple[float | None, ...]
    """Of all frames, or one per frame."""
    positions: tuple[tuple[float, float, float] | None, ...]
    """Of each frame's first pixel, when the per-frame items fit the frames."""
    stack_places: tuple[tuple[float, ...], ...]
    """In-Stack Position Numbers of frames, or Dimension Index Values; SliceLocation or position."""
    orientation: tuple[float, ...] | None
    instance: int | None
    uid: str
    """SOP Instance UID; for comparison only."""
    study: str
    """Digest of its Study Instance UID; empty without one."""
    series: str
    part: Part | None
    laterality: str | None
    view: str | None
    vendor: str | None
    half_angle: float | None
    """Half the angle that the tube moved through, degrees."""
    projections: int | None
    burned_in: bool
    other_modality: bool
    per_frame_items: int
    pixels: PixelElement


def keep_allowed(dataset: Dataset, *, syntax: str, pixels: PixelElement) -> DicomHeader:
    """Keep of *dataset* what a reader may know.

    Raises
    ------
    BadAttributeError
        For values that are not numbers, contradict each other or make no image.
    """
    frames = _frames(dataset, pixels)
    rows, columns = whole_of(dataset, "Rows", 0), whole_of(dataset, "Columns", 0)
    if not (0 < frames <= MAX_FRAMES and rows > 0 and columns > 0):
        raise BadAttributeError(f"it claims {frames} frames of {rows} × {columns} pixels")
    items = list(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    # Items of another number than the frames cannot be told apart: none of them is believed.
    own = items if len(items) == frames else []
    shared = list(dataset.get("SharedFunctionalGroupsSequence") or [])[:1]
    groups = [*shared, *own]
    signed = whole_of(dataset, "PixelRepresentation", 0) == 1
    spacings = _pixel_spacings(dataset, groups)
    bits = whole_of(dataset, "BitsAllocated", 0)
    stored = whole_of(dataset, "BitsStored", bits)
    half_angle, projections = _tube_motion(dataset)
    return DicomHeader(
        sop_class=str(dataset.get("SOPClassUID") or ""),
        transfer_syntax=syntax,
        rows=rows,
        columns=columns,
        frames=frames,
        samples=whole_of(dataset, "SamplesPerPixel", 1),
        planar=whole_of(dataset, "PlanarConfiguration", 0) == 1,
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=whole_of(dataset, "HighBit", stored - 1),
        signed=signed,
        photometric=word_of(dataset, "PhotometricInterpretation", PHOTOMETRIC) or "",
        overlay_bits=any(whole_of(dataset, tag, 0) > 0 for tag in OVERLAY_BIT_POSITIONS),
        padding=padding(dataset, signed=signed),
        table=modality_table(dataset, signed=signed),
        rescale=_rescale(dataset, shared, own),
        spacing=next(iter(spacings), None),
        spacings_differ=not all(same_spacing(spacings[0], pair) for pair in spacings),
        imager_spacing=pair_of(dataset, "ImagerPixelSpacing"),
        aspect=pair_of(dataset, "PixelAspectRatio") or (1.0, 1.0),
        magnification=magnification_of(dataset),
        slice_spacing=_slice_spacing(dataset, groups),
        image_type=digest(sorted({*type_words(dataset)})),
        kinds=frame_kinds(dataset, shared, own),
        thickness=_thickness(dataset, shared, own),
        positions=_positions(dataset, own),
        stack_places=_stack_places(dataset, own),
        orientation=_orientation(dataset, groups),
        instance=whole_of(dataset, "InstanceNumber", None),
        uid=str(dataset.get("SOPInstanceUID") or ""),
        study=_study(dataset),
        series=str(dataset.get("SeriesInstanceUID") or ""),
        part=_part(dataset),
        laterality=laterality_of(dataset, groups),
        view=view_of(dataset),
        vendor=maker_of(dataset),
        half_angle=half_angle,
        projections=projections,
        burned_in=word_of(dataset, "BurnedInAnnotation", {"YES"}) is not None,
        other_modality=word_of(dataset, "Modality", OTHER_MODALITIES) is not None,
        per_frame_items=len(items),
        pixels=pixels,
    )


def _frames(dataset: Dataset, pixels: PixelElement) -> int:
    """Return the number of frames; where it is missing, what items and pixels agree on."""
    if (given := whole_of(dataset, "NumberOfFrames", None)) is not None:
        return int(given)
    items = len(dataset.get("PerFrameFunctionalGroupsSequence") or [])
    bits = whole_of(dataset, "BitsAllocated", 0) * whole_of(dataset, "SamplesPerPixel", 1)
    frame = whole_of(dataset, "Rows", 0) * whole_of(dataset, "Columns", 0) * bits // 8
    return items if items > 1 and pixels.length == items * frame else 1


def _pixel_spacings(dataset: Dataset, groups: list[Dataset]) -> list[tuple[float, float]]:
    holders = [dataset, *macros_of(groups, "PixelMeasuresSequence")]
    return [pair for holder in holders if (pair := pair_of(holder, "PixelSpacing"))]


def same_spacing(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether two spacings differ by no more than rounding."""
    return all(abs(a - b) <= ROUNDING * a for a, b in zip(one, other, strict=True))


def _tube_motion(dataset: Dataset) -> tuple[float | None, int | None]:
    """Return half the angle that the tube moved through, and the number of projections.

    From the angles of single projections, else the scan arc (PS3.3 C.8.21.3.5), else TomoAngle.
    Files that list a single projection at 0 say nothing.
    """
    acquisition = macros_of([dataset], "XRay3DAcquisitionSequence")
    shots = (
        list(acquisition[0].get("PerProjectionAcquisitionSequence") or []) if acquisition else []
    )
    angles = [numbers_of(shot, "PositionerPrimaryAngle")[:1] for shot in shots]
    known = [angle[0] for angle in angles if angle]
    if len(known) == len(shots) > 1 and 0 < max(known) - min(known) < WIDEST_DEG:
        return (max(known) - min(known)) / 2, len(shots)
    arcs = [numbers_of(item, "PrimaryPositionerScanArc") for item in acquisition]
    for numbers in (*arcs, numbers_of(dataset, "TomoAngle")):
        if numbers and 0 < abs(numbers[0]) < WIDEST_DEG:
            return abs(numbers[0]) / 2, len(shots) if len(shots) > 1 else None
    return None, None


def _thickness(
    dataset: Dataset, shared: list[Dataset], own: list[Dataset]
) -> tuple[float | None, ...]:
    common = [*macros_of(shared, "PixelMeasuresSequence"), dataset]
    found = []
    for group in own or [Dataset()]:
        holders = [*macros_of([group], "PixelMeasuresSequence"), *common]
        numbers = (numbers_of(holder, "SliceThickness") for holder in holders)
        found.append(next((number[0] for number in numbers if number and number[0] > 0), None))
    return tuple(found[:1] if len(set(found)) == 1 else found)


def _part(dataset: Dataset) -> Part | None:
    uid = str(dataset.get("ConcatenationUID") or "")
    if not uid:
        return None
    return Part(
        uid=uid,
        number=whole_of(dataset, "InConcatenationNumber", 0),
        total=whole_of(dataset, "InConcatenationTotalNumber", None),
    )


def _slice_spacing(dataset: Dataset, groups: list[Dataset]) -> float | None:
    holders = (dataset, *macros_of(groups, "PixelMeasuresSequence"))
    found = (numbers_of(holder, "SpacingBetweenSlices") for holder in holders)
    return next((abs(numbers[0]) for numbers in found if numbers and numbers[0] != 0), None)


def _positions(
    dataset: Dataset, own: list[Dataset]
) -> tuple[tuple[float, float, float] | None, ...]:
    # A frame without a position counts as one, so that none gets another's.
    holders = [(macros_of([group], "PlanePositionSequence") or [Dataset()])[0] for group in own]
    found = (numbers_of(holder, "ImagePositionPatient") for holder in holders or [dataset])
    return tuple((one[0], one[1], one[2]) if len(one) == 3 else None for one in found)


def _stack_places(dataset: Dataset, own: list[Dataset]) -> tuple[tuple[float, ...], ...]:
    if not own:
        at = numbers_of(dataset, "SliceLocation") or numbers_of(dataset, "ImagePositionPatient")
        return (at,)
    contents = macros_of(own, "FrameContentSequence")
    places = tuple(numbers_of(content, "InStackPositionNumber") for content in contents)
    if all(places):
        return places
    return tuple(numbers_of(content, "DimensionIndexValues") for content in contents)


def _orientation(dataset: Dataset, groups: list[Dataset]) -> tuple[float, ...] | None:
    holders = (dataset, *macros_of(groups, "PlaneOrientationSequence"))
    found = (numbers_of(holder, "ImageOrientationPatient") for holder in holders)
    return next((numbers for numbers in found if len(numbers) == 6), None)


def _rescale(
    dataset: Dataset, shared: list[Dataset], own: list[Dataset]
) -> tuple[tuple[float, float], ...]:
    """Return the rule of each frame, or one pair when all have the same."""
    macro = "PixelValueTransformationSequence"
    common = (macros_of(shared, macro) or [dataset])[0]
    pairs = []
    for group in own or shared or [dataset]:
        holder = (macros_of([group], macro) or [common])[0]
        slope = (numbers_of(holder, "RescaleSlope") or (1.0,))[0]
        if slope == 0:
            raise BadAttributeError("its RescaleSlope is 0")
        pairs.append((slope, (numbers_of(holder, "RescaleIntercept") or (0.0,))[0]))
    return tuple(pairs[:1] if len(set(pairs)) == 1 else pairs)


def _study(dataset: Dataset) -> str:
    uid = str(dataset.get("StudyInstanceUID") or "").strip()
    return digest(uid)[:STUDY_DIGITS] if uid else ""
