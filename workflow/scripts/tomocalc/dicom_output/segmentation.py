"""Pixels that are marked in a volume as a DICOM segmentation, written by highdicom."""

import copy
from collections.abc import Mapping, Sequence

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import CTImageStorage

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.dicom_output.identity import Identity, settled
from tomocalc.dicom_output.objects import BREAST, MAKER, OF_BREAST, WORDING, instance
from tomocalc.image.runs import Runs


def segmentation_bytes(
    *,
    identity: Identity,
    manifest: VolumeManifest,
    objects: Mapping[int, Runs],
    version: str,
    question: str = "calcification",
) -> bytes:
    """Return a binary segmentation with one segment: the flagged candidates of the volume.

    Parameters
    ----------
    manifest
        Of the volume; where it was ``turned``, the masks are those of the stored image.
    objects
        Slice to the objects that are marked on it. Slices without one are left out; a volume
        without any gets one empty frame, because a segmentation cannot have none.
    version, question
        As those of `objects.ScoredVolume`.
    """
    words = WORDING[question]
    shown = sorted(index for index, runs in objects.items() if runs.count)
    frames = shown or [manifest.slices // 2]
    algorithm = hd.AlgorithmIdentificationSequence(MAKER, codes.DCM.ArtificialIntelligence, version)
    segment = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label=words.segment,
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=OF_BREAST,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=identity.uid("segment"),
        tracking_id=words.segment.lower(),
        anatomic_regions=[BREAST],
    )
    return segmented(
        identity,
        masks(objects, frames, manifest),
        frames=frames,
        segments=[segment],
        label="CANDIDATES",
        description=words.description,
        version=version,
    )


def segmented(
    identity: Identity,
    pixels: NDArray[np.uint8],
    *,
    frames: Sequence[int],
    segments: Sequence[hd.seg.SegmentDescription],
    label: str,
    description: str,
    version: str,
) -> bytes:
    """Return a binary segmentation of some slices.

    Parameters
    ----------
    pixels
        (frame, row, column), or with a last axis of *segments* where there are several.
    frames
        Slice of each.
    label, description
        Of the content.
    version
        Of what made it.
    """
    made = hd.seg.Segmentation(
        source_images=_as_sources(identity),
        pixel_array=pixels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=segments,
        **instance(identity, "segmentation", 902),
        manufacturer_model_name=MAKER,
        software_versions=version,
        device_serial_number="1",
        content_description=description,
        content_label=label,
        series_description=description,
        plane_positions=[
            hd.PlanePositionSequence("PATIENT", identity.positions[index]) for index in frames
        ],
        omit_empty_frames=False,
    )
    for item in (*made.DimensionOrganizationSequence, *made.DimensionIndexSequence):
        item.DimensionOrganizationUID = identity.uid("dimensions")
    classes = {image.SOPInstanceUID: image.SOPClassUID for image in identity.images}

    def name_class(item: Dataset, element: DataElement) -> None:
        if element.keyword == "ReferencedSOPInstanceUID":
            item.ReferencedSOPClassUID = classes[element.value]

    made.walk(name_class)
    return settled(made)


def _as_sources(identity: Identity) -> list[Dataset]:
    """Return the images as highdicom takes them.

    It believes that every image of a class that can hold many frames does. Those of one frame each
    stand in as images of a class that cannot; what refers to them is given their own class
    afterwards.
    """
    if "SharedFunctionalGroupsSequence" in identity.images[0]:
        return [*identity.images]
    sources = [copy.copy(image) for image in identity.images]
    for source in sources:
        source.SOPClassUID = CTImageStorage
    return sources


def masks(
    objects: Mapping[int, Runs], frames: Sequence[int], manifest: VolumeManifest
) -> NDArray[np.uint8]:
    """Return the masks of *frames*, (frame, row, column), as the stored image lies."""
    size = (manifest.rows, manifest.columns)
    made = np.zeros((len(frames), *size), np.uint8)
    for mask, index in zip(made, frames, strict=True):
        if index in objects:
            painted = objects[index].paint(size)
            mask[:] = painted[::-1, ::-1] if manifest.turned else painted
    return made
