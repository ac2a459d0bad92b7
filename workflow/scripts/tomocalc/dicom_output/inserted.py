"""A volume with calcifications put into it as DICOM, with a segmentation of what was put in.

Headers hold what is known of the images alone: nothing is copied from the files that they come
from. The patient is the sheet's pseudonym, identifiers are hashes.
"""

from dataclasses import replace

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.sr.codedict import codes

from tomocalc.accounts.insertion import InsertedObject, InsertionPlan
from tomocalc.dicom_output.identity import Identity, uid
from tomocalc.dicom_output.objects import BREAST, MAKER, OF_BREAST
from tomocalc.dicom_output.segmentation import segmented
from tomocalc.insertion.patches import Footprint, ellipsoids, geometry_of
from tomocalc.phantom.acquisition import Detector, Finding, add_bodies
from tomocalc.phantom.cohort import Shown
from tomocalc.phantom.dicom import image_dataset
from tomocalc.phantom.settings import Geometry
from tomocalc.readers.volume import Volume
from tomocalc.version import VERSION

STUDY = "Images with simulated calcifications put in (research)"
VIEWS = {"CC": codes.cid4014.CranioCaudal, "MLO": codes.cid4014.MedioLateralObliqueProjection}
KINDS = (
    ("calcifications put in", OF_BREAST, codes.SCT.MorphologicallyAbnormalStructure),
    ("other objects put in", codes.SCT.PhysicalObject, codes.SCT.PhysicalObject),
)
"""Label, type and category of the segments."""


def inserted_image(
    volume: Volume, plan: InsertionPlan, *, patient_id: str, laterality: str, view: str
) -> FileDataset:
    """Return a volume with objects in it as a Breast Tomosynthesis Image.

    Slices are in the volume's order, a frame each. Their orientation is that of a cranio-caudal
    view, whatever the view.

    Parameters
    ----------
    volume
        With the objects in it, as `tomocalc.insertion.layer.InsertedVolume`.
    patient_id, laterality, view
        Of the sheet.
    """
    pixels = np.stack([volume.read(index) for index in range(len(volume))]).astype(np.uint16)
    name = plan.volume_id
    shown: Shown = {"volume_id": name, "patient_id": patient_id, "laterality": laterality}
    bits, geometry = volume.header.bits, geometry_of(plan)
    image = image_dataset(pixels, shown, seed=0, bits=bits, settings=geometry)
    parts = ("inserted", patient_id, name)
    image.PatientName = ""
    image.PatientSex = ""
    image.StudyInstanceUID = uid("inserted", "study", patient_id)
    image.SeriesInstanceUID = uid(*parts, "series")
    image.FrameOfReferenceUID = uid(*parts, "frame of reference")
    image.SOPInstanceUID = uid(*parts, image.SOPInstanceUID)
    image.StudyDescription = STUDY
    image.Manufacturer, image.ManufacturerModelName = MAKER, "insertion"
    image.SoftwareVersions = VERSION
    told = {doubt.code for doubt in volume.header.doubts}
    image.BurnedInAnnotation = "YES" if "burned_in" in told else "NO"
    del image.BreastImplantPresent  # nobody has said so
    if view in VIEWS:
        code = VIEWS[view]
        item = image.ViewCodeSequence[0]
        item.CodeValue, item.CodeMeaning = code.value, code.meaning
    else:
        del image.ViewCodeSequence
    return image


def truth_bytes(image: Dataset, plan: InsertionPlan) -> bytes:
    """Return a segmentation of what was put into an image: calcifications, and other objects.

    A pixel belongs to an object that a ray straight through it meets, on every slice whose slab
    the object reaches into. Slices without any are left out.
    """
    every = [one for group in plan.groups for one in group.objects]
    masks = np.zeros((plan.slices, plan.rows, plan.columns, len(KINDS)), np.uint8)
    for one in every:
        _paint(masks[..., int(one.kind != "calcification")], one, geometry_of(plan))
    frames = [int(index) for index in np.flatnonzero(masks.any(axis=(1, 2, 3)))]
    frames = frames or [plan.slices // 2]  # a segmentation cannot have none
    places = [
        group.PlanePositionSequence[0].ImagePositionPatient
        for group in image.PerFrameFunctionalGroupsSequence
    ]
    identity = Identity(
        images=(image,),
        positions=tuple((float(x), float(y), float(z)) for x, y, z in places),
        frames=tuple(range(plan.slices)),
        seed=("inserted", str(image.SOPInstanceUID)),
    )
    segments = [
        hd.seg.SegmentDescription(
            segment_number=number,
            segment_label=label,
            segmented_property_category=category,
            segmented_property_type=kind,
            algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
            algorithm_identification=hd.AlgorithmIdentificationSequence(
                MAKER, codes.DCM.ArtificialIntelligence, VERSION
            ),
            tracking_uid=identity.uid("segment", label),
            tracking_id=label,
            anatomic_regions=[BREAST],
        )
        for number, (label, kind, category) in enumerate(KINDS, start=1)
    ]
    return segmented(
        identity,
        masks[frames],
        frames=frames,
        segments=segments,
        label="INSERTED",
        description=STUDY,
        version=VERSION,
    )


def _paint(mask: NDArray[np.uint8], one: InsertedObject, geometry: Geometry) -> None:
    """Set the pixels of an object in *mask*, (slice, row, column)."""
    bodies = ellipsoids(one.bodies)
    detector = Detector.around(replace(geometry, projections=1, half_angle_deg=0.0))
    lines = np.zeros(detector.shape, np.float32)
    finding = Finding(one.kind, None, np.array(one.centre_mm), one.diameter_mm, tuple(bodies))
    add_bodies(lines, [finding], detector)
    footprint = Footprint.of(bodies, geometry)
    ends = (footprint.low_mm[0], footprint.high_mm[0])
    first, last = (max(round(end / geometry.slice_spacing_mm), 0) for end in ends)
    mask[first : last + 1] |= lines[0, detector.margin : detector.margin + geometry.rows] > 0
