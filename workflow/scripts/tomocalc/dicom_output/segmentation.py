"""The flagged candidates' own pixels as a DICOM segmentation (PS3.3 A.51)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import SegmentationStorage

from tomocalc.dicom_output.dataset import (
    DESCRIPTION,
    MAKER,
    code,
    file_bytes,
    general,
    item,
    reference,
)
from tomocalc.dicom_output.identity import Identity
from tomocalc.image.runs import Runs, stretches

DERIVED = code("113076", "DCM", "Segmentation")
SOURCE = code("121322", "DCM", "Source image for image processing operation")
INDICES = (
    ("ReferencedSegmentNumber", "SegmentIdentificationSequence", "Referenced Segment Number"),
    ("ImagePositionPatient", "PlanePositionSequence", "Image Position Patient"),
)
"""What orders the frames: attribute, the sequence that holds it, its name."""


def segmentation_bytes(
    *,
    identity: Identity,
    manifest: Mapping[str, Any],
    objects: Mapping[int, Runs],
    version: str,
) -> bytes:
    """Return a binary segmentation with one segment: the flagged candidates of the volume.

    Parameters
    ----------
    manifest
        Of the volume; where it was ``turned``, the masks are those of the stored image.
    objects
        Slice to the objects that are marked on it. Slices without one are left out; a volume
        without any gets one empty frame, because a segmentation cannot have none.
    version
        Of the model.
    """
    shown = sorted(index for index, runs in objects.items() if runs.count)
    frames = shown or [manifest.slices // 2]
    made = general(
        identity,
        sop_class=SegmentationStorage,
        modality="SEG",
        kind="segmentation",
        series_number=902,
    )
    size = (manifest.rows, manifest.columns)
    spacing = [float(f"{value:.8g}") for value in manifest.pixel_spacing_mm]
    shared = item(
        PixelMeasuresSequence=[
            item(PixelSpacing=spacing, SliceThickness=manifest.slice_spacing_mm)
        ],
        PlaneOrientationSequence=[item(ImageOrientationPatient=list(identity.orientation))],
        SegmentIdentificationSequence=[item(ReferencedSegmentNumber=1)],
    )
    images = {identity.image_of(index)[0]: None for index in frames}
    for keyword, value in {
        "ImageType": ["DERIVED", "PRIMARY"],
        "ManufacturerModelName": MAKER,
        "DeviceSerialNumber": "1",
        "SoftwareVersions": version,
        "FrameOfReferenceUID": identity.frame_of_reference,
        "PositionReferenceIndicator": "",
        "ReferencedSeriesSequence": [
            item(
                SeriesInstanceUID=identity.series,
                ReferencedInstanceSequence=[reference(image) for image in images],
            )
        ],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "NumberOfFrames": len(frames),
        "Rows": size[0],
        "Columns": size[1],
        "BitsAllocated": 1,
        "BitsStored": 1,
        "HighBit": 0,
        "PixelRepresentation": 0,
        "LossyImageCompression": "00",
        "SegmentationType": "BINARY",
        "SegmentSequence": [_segment(identity, version)],
        "SegmentsOverlap": "NO",
        "ContentLabel": "CANDIDATES",
        "ContentDescription": DESCRIPTION,
        "ContentCreatorName": "",
        "SharedFunctionalGroupsSequence": [shared],
        "PerFrameFunctionalGroupsSequence": [
            _frame(identity, index, number) for number, index in enumerate(frames, 1)
        ],
        **_dimensions(identity.uid("dimensions")),
        "PixelData": packed([objects.get(index) for index in frames], size, turned=manifest.turned),
    }.items():
        setattr(made, keyword, value)
    return file_bytes(made)


def _segment(identity: Identity, version: str) -> Dataset:
    algorithm = item(
        AlgorithmFamilyCodeSequence=[code("123109", "DCM", "Artificial Intelligence")],
        AlgorithmName=MAKER,
        AlgorithmVersion=version,
    )
    return item(
        SegmentNumber=1,
        SegmentLabel="Microcalcification candidates",
        SegmentAlgorithmType="AUTOMATIC",
        SegmentAlgorithmName=MAKER,
        SegmentationAlgorithmIdentificationSequence=[algorithm],
        SegmentedPropertyCategoryCodeSequence=[
            code("49755003", "SCT", "Morphologically Abnormal Structure")
        ],
        SegmentedPropertyTypeCodeSequence=[code("309587003", "SCT", "Calcification of breast")],
        AnatomicRegionSequence=[code("76752008", "SCT", "Breast")],
        TrackingID="microcalcification candidates",
        TrackingUID=identity.uid("segment"),
    )


def _dimensions(organisation: str) -> dict[str, Any]:
    return {
        "DimensionOrganizationSequence": [item(DimensionOrganizationUID=organisation)],
        "DimensionIndexSequence": [
            item(
                DimensionOrganizationUID=organisation,
                DimensionIndexPointer=Tag(pointer),
                FunctionalGroupPointer=Tag(group),
                DimensionDescriptionLabel=label,
            )
            for pointer, group, label in INDICES
        ],
    }


def _frame(identity: Identity, index: int, number: int) -> Dataset:
    """Return where slice *index* lies and what it was made from; it is the *number*-th, from 1."""
    image, frame = identity.image_of(index)
    on = {"ReferencedFrameNumber": frame} if image.frames > 1 else {}
    source = reference(
        image, **on, SpatialLocationsPreserved="YES", PurposeOfReferenceCodeSequence=[SOURCE]
    )
    return item(
        DerivationImageSequence=[
            item(DerivationCodeSequence=[DERIVED], SourceImageSequence=[source])
        ],
        FrameContentSequence=[item(DimensionIndexValues=[1, number])],
        PlanePositionSequence=[item(ImagePositionPatient=list(identity.positions[index]))],
    )


def packed(objects: Sequence[Runs | None], size: tuple[int, int], *, turned: bool) -> bytes:
    """Return masks of *size* (rows, columns), one per frame, as bits, the first pixel lowest.

    Only the pixels of objects are touched: a frame of millions of pixels has a few dozen of them.
    Frames follow each other without a gap, also inside a byte (PS3.5 8.1.1).
    """
    rows, columns = size
    bits = np.zeros(-(-len(objects) * rows * columns // 16) * 2, np.uint8)
    for number, runs in enumerate(objects):
        if runs is not None:
            pixel = _pixels(runs, columns)
            place = number * rows * columns + (rows * columns - 1 - pixel if turned else pixel)
            np.bitwise_or.at(bits, place >> 3, np.left_shift(1, place & 7).astype(np.uint8))
    return bits.tobytes()


def _pixels(runs: Runs, columns: int) -> NDArray[np.int64]:
    """Return the pixels of *runs*, counted row by row."""
    length = (runs.stop - runs.start).astype(np.int64)
    return stretches(runs.row.astype(np.int64) * columns + runs.start, length)
