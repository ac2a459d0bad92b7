"""The flagged candidates' own pixels as a DICOM segmentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from tomocalc.dicom_output.identity import Identity, finish, source_images
from tomocalc.dicom_output.report import MAKER, PRODUCT
from tomocalc.image.runs import Runs

FAMILY = Code("123109", "DCM", "Artificial Intelligence")


def segmentation_bytes(
    *,
    identity: Identity,
    manifest: Mapping[str, Any],
    objects: Mapping[int, Runs],
    turned: bool,
    version: str,
) -> bytes:
    """Return a binary segmentation with one segment: the flagged candidates of the volume.

    Parameters
    ----------
    objects
        Slice to the objects that are marked on it. Slices without one are left out; a volume
        without any gets one empty frame, because a segmentation cannot have none.
    turned
        Whether the image was turned when it was read; the masks are those of the stored image.
    version
        Of the model.
    """
    shown = sorted(index for index, runs in objects.items() if runs.count)
    frames = shown or [manifest["slices"] // 2]
    masks = np.zeros((len(frames), manifest["rows"], manifest["columns"]), np.uint8)
    for mask, index in zip(masks, frames, strict=True):
        if index in objects:
            fill(mask, objects[index])
    if turned:
        masks = np.ascontiguousarray(masks[:, ::-1, ::-1])
    images = source_images(identity, manifest)
    if len(images) > 1:
        images = [images[index] for index in frames]
    algorithm = hd.AlgorithmIdentificationSequence(name=PRODUCT, family=FAMILY, version=version)
    segment = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="Microcalcification candidates",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.CalcificationOfBreast,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=identity.uid("segment"),
        tracking_id="microcalcification candidates",
        anatomic_regions=[codes.SCT.Breast],
    )
    coordinates = hd.CoordinateSystemNames.PATIENT
    result = hd.seg.Segmentation(
        source_images=images,
        pixel_array=masks,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[segment],
        series_instance_uid=identity.uid("segmentation series"),
        series_number=902,
        sop_instance_uid=identity.uid("segmentation"),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=PRODUCT,
        software_versions=version,
        device_serial_number="1",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        plane_positions=[
            hd.PlanePositionSequence(coordinates, identity.positions[index]) for index in frames
        ],
        omit_empty_frames=False,
        content_label="CANDIDATES",
        content_description="Candidates for microcalcifications (research)",
        series_description="Candidates for microcalcifications (research)",
    )
    _settle(result, identity)
    return finish(result, identity)


def fill(mask: NDArray[np.uint8], runs: Runs) -> None:
    """Set the pixels of *runs* in *mask* (row, column) to 1."""
    for row, start, stop in zip(
        runs.row.tolist(), runs.start.tolist(), runs.stop.tolist(), strict=True
    ):
        mask[row, start:stop] = 1


def _settle(result: hd.seg.Segmentation, identity: Identity) -> None:
    """Replace what the library drew at random."""
    organisation = identity.uid("dimensions")
    for item in result.get("DimensionOrganizationSequence", []):
        item.DimensionOrganizationUID = organisation
    for item in result.get("DimensionIndexSequence", []):
        if "DimensionOrganizationUID" in item:
            item.DimensionOrganizationUID = organisation
