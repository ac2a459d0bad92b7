"""A phantom volume as a DICOM Breast Tomosynthesis Image (PS3.3 A.55), one frame per slice.

Everything in the file follows from its arguments: identifiers are hashes, dates are fixed.
"""

import hashlib
import io

import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import UID, BreastTomosynthesisImageStorage, ExplicitVRLittleEndian

from tomocalc.files import stable_number
from tomocalc.phantom.cohort import Shown
from tomocalc.phantom.settings import Geometry

DATE, TIME = "20200101", "120000"
IMAGE_TYPE = ["DERIVED", "PRIMARY", "TOMOSYNTHESIS", "NONE"]
MAKER = "tomocalc in-silico phantom"
ORIENTATION = {"L": [0, -1, 0, -1, 0, 0], "R": [0, 1, 0, 1, 0, 0]}
"""Directions of a row and of a column in the patient (left, posterior, head), by laterality."""


def uid(*parts: object) -> UID:
    """Return the identifier of *parts*: 2.25 and a hash (PS3.5 B.2)."""
    return UID(f"2.25.{stable_number('tomocalc phantom', *parts)}")


def image_dataset(
    stored: np.ndarray, volume: Shown, *, seed: int, bits: int, settings: Geometry
) -> FileDataset:
    """Return *stored* as a Breast Tomosynthesis Image that calls itself a phantom.

    The view is cranio-caudal: the normal of the slices points to the feet, so that frame 0 is
    nearest the tube; the top of the image is lateral; the chest wall is on the left of a left
    breast's image and on the right of a right one's.

    Parameters
    ----------
    stored
        Values of fewer than 2**bits, uint16, (slices, rows, columns).
    """
    name, laterality = volume["volume_id"], volume["laterality"]
    dataset = FileDataset("", {}, preamble=b"\0" * 128)
    dataset.SOPInstanceUID = uid("image", name, hashlib.sha256(stored.tobytes()).hexdigest())
    _describe_patient_and_series(dataset, volume, seed)
    _describe_image(dataset, stored, bits)
    _describe_dimensions(dataset)
    dataset.SharedFunctionalGroupsSequence = [_shared_groups(stored, laterality, settings)]
    dataset.PerFrameFunctionalGroupsSequence = [
        _frame_groups(index, laterality, settings) for index in range(settings.slices)
    ]
    return dataset


def dicom_bytes(dataset: FileDataset) -> bytes:
    """Return the file of an image, explicit VR little endian, uncompressed."""
    dataset.file_meta = _file_meta(dataset)
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _file_meta(dataset: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    # pydicom would name its own version here, and the bytes would change with it.
    meta.ImplementationClassUID = uid("implementation")
    meta.ImplementationVersionName = "TOMOCALC"
    return meta


def _describe_patient_and_series(dataset: Dataset, volume: Shown, seed: int) -> None:
    volume_id, patient_id = volume["volume_id"], volume["patient_id"]
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = BreastTomosynthesisImageStorage
    dataset.PatientName = f"PHANTOM^{patient_id}"
    dataset.PatientID = patient_id
    dataset.PatientBirthDate = ""
    dataset.PatientSex = "F"
    dataset.StudyInstanceUID = uid("study", seed, patient_id)
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = DATE
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = TIME
    dataset.StudyID = patient_id
    dataset.AccessionNumber = ""
    dataset.ReferringPhysicianName = ""
    dataset.StudyDescription = "In-silico breast tomosynthesis"
    dataset.SeriesInstanceUID = uid("series", seed, volume_id)
    dataset.SeriesNumber = 1 if volume["laterality"] == "L" else 2
    dataset.SeriesDescription = volume_id
    dataset.Modality = "MG"
    dataset.BodyPartExamined = "BREAST"
    dataset.FrameOfReferenceUID = uid("frame of reference", seed, volume_id)
    dataset.PositionReferenceIndicator = ""
    dataset.Manufacturer = MAKER
    dataset.ManufacturerModelName = "phantom"
    dataset.DeviceSerialNumber = "1"
    dataset.SoftwareVersions = "1"


def _describe_image(dataset: Dataset, stored: np.ndarray, bits: int) -> None:
    dataset.ImageType = IMAGE_TYPE
    dataset.InstanceNumber = 1
    _describe_kind(dataset)
    dataset.ContentQualification = "RESEARCH"
    dataset.BurnedInAnnotation = "NO"
    dataset.RecognizableVisualFeatures = "NO"
    dataset.QualityControlImage = "NO"
    dataset.BreastImplantPresent = "NO"
    dataset.LossyImageCompression = "00"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.AcquisitionContextSequence = []
    view = _coded(codes.cid4014.CranioCaudal)
    view.ViewModifierCodeSequence = []
    dataset.ViewCodeSequence = [view]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated = 16
    dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = 0
    dataset.add_new("PixelData", "OW", stored.astype("<u2").tobytes())


def _describe_kind(item: Dataset) -> None:
    item.PixelPresentation = "MONOCHROME"
    item.VolumetricProperties = "VOLUME"
    item.VolumeBasedCalculationTechnique = "TOMOSYNTHESIS"


def _describe_dimensions(dataset: Dataset) -> None:
    """Say that frames are ordered by their position in a single stack."""
    organization = uid("dimensions")
    dataset.DimensionOrganizationSequence = [_item(DimensionOrganizationUID=organization)]
    dataset.DimensionOrganizationType = "3D"
    dataset.DimensionIndexSequence = [
        _item(
            DimensionOrganizationUID=organization,
            DimensionIndexPointer=pointer,
            FunctionalGroupPointer=group,
            DimensionDescriptionLabel=label,
        )
        for pointer, group, label in (
            (0x00209056, 0x00209111, "Stack ID"),
            (0x00209057, 0x00209111, "In-Stack Position Number"),
        )
    ]


def _shared_groups(stored: np.ndarray, laterality: str, settings: Geometry) -> Dataset:
    pixel, step = settings.pixel_spacing_mm, settings.slice_spacing_mm
    low, high = np.percentile(stored[stored > 0], [1, 99.9])
    return _item(
        PixelMeasuresSequence=[
            _item(PixelSpacing=[pixel, pixel], SliceThickness=step, SpacingBetweenSlices=step)
        ],
        PlaneOrientationSequence=[_item(ImageOrientationPatient=ORIENTATION[laterality])],
        FrameAnatomySequence=[
            _item(FrameLaterality=laterality, AnatomicRegionSequence=[_coded(codes.cid4031.Breast)])
        ],
        FrameVOILUTSequence=[
            _item(
                WindowCenter=round((low + high) / 2),
                WindowWidth=round(high - low),
                WindowCenterWidthExplanation="BREAST",
            )
        ],
        PixelValueTransformationSequence=[
            _item(RescaleIntercept=0, RescaleSlope=1, RescaleType="US")
        ],
    )


def _frame_groups(index: int, laterality: str, settings: Geometry) -> Dataset:
    frame_type = _item(FrameType=IMAGE_TYPE)
    _describe_kind(frame_type)
    return _item(
        FrameContentSequence=[
            _item(
                FrameAcquisitionNumber=1,
                StackID="1",
                InStackPositionNumber=index + 1,
                DimensionIndexValues=[1, index + 1],
            )
        ],
        PlanePositionSequence=[
            _item(ImagePositionPatient=position_mm(index, laterality, settings))
        ],
        XRay3DFrameTypeSequence=[frame_type],
    )


def position_mm(index: int, laterality: str, settings: Geometry) -> list[float]:
    """Place the first pixel of a frame in the patient: left, posterior, head, mm.

    The origin is the point of the chest wall halfway along the first frame.
    """
    pixel = settings.pixel_spacing_mm
    lateral = (settings.rows - 1) / 2 * pixel
    anterior = 0.0 if laterality == "L" else (settings.columns - 1) * pixel
    left = lateral if laterality == "L" else -lateral
    return [round(left, 6), -round(anterior, 6), -round(index * settings.slice_spacing_mm, 6)]


def _coded(code: Code) -> Dataset:
    return _item(
        CodeValue=code.value,
        CodingSchemeDesignator=code.scheme_designator,
        CodeMeaning=code.meaning,
    )


def _item(**elements: object) -> Dataset:
    item = Dataset()
    for keyword, value in elements.items():
        setattr(item, keyword, value)
    return item
