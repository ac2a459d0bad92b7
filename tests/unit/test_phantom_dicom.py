"""The DICOM file, as pydicom and dciodvfy see it."""

import io
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from support import phantoms
from tomocalc.phantom.dicom import dicom_bytes, image_dataset, position_mm, uid

SETTINGS = replace(
    phantoms.SETTINGS, rows=40, columns=30, slices=5, slice_spacing_mm=1.5, projections=5
)
STORED = np.random.default_rng(0).integers(0, 2**14, SETTINGS.shape).astype(np.uint16)


def encode(laterality: str = "L", stored: np.ndarray = STORED, seed: int = 1) -> bytes:
    volume = phantoms.breast(f"P001-{laterality}CC", "P001", laterality)
    return dicom_bytes(image_dataset(stored, volume, seed=seed, bits=14, settings=SETTINGS))


def decode(content: bytes) -> pydicom.FileDataset:
    return pydicom.dcmread(io.BytesIO(content))


def test_values_and_layout():
    dataset = decode(encode())
    np.testing.assert_array_equal(dataset.pixel_array, STORED)
    assert dataset.SOPClassUID == "1.2.840.10008.5.1.4.1.1.13.1.3"
    assert dataset.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.1"
    assert (dataset.NumberOfFrames, dataset.Rows, dataset.Columns) == (5, 40, 30)
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 14, 13)
    assert dataset.PatientName == "PHANTOM^P001"
    assert dataset.Manufacturer == "tomocalc in-silico phantom"


def test_spacing_orientation_and_laterality_are_shared():
    shared = decode(encode("R")).SharedFunctionalGroupsSequence[0]
    assert shared.PixelMeasuresSequence[0].PixelSpacing == [0.1, 0.1]
    assert shared.PixelMeasuresSequence[0].SpacingBetweenSlices == 1.5
    assert shared.PixelMeasuresSequence[0].SliceThickness == 1.5
    assert shared.FrameAnatomySequence[0].FrameLaterality == "R"
    assert shared.PlaneOrientationSequence[0].ImageOrientationPatient == [0, 1, 0, 1, 0, 0]


@pytest.mark.parametrize("laterality", ["L", "R"])
def test_frames_ascend_along_their_normal(laterality):
    dataset = decode(encode(laterality))
    orientation = dataset.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0]
    cosines = np.array(orientation.ImageOrientationPatient, float)
    normal = np.cross(cosines[:3], cosines[3:])
    positions = np.array(
        [
            frame.PlanePositionSequence[0].ImagePositionPatient
            for frame in dataset.PerFrameFunctionalGroupsSequence
        ],
        float,
    )
    np.testing.assert_allclose(positions @ normal, np.arange(5) * 1.5)
    numbers = [
        frame.FrameContentSequence[0].InStackPositionNumber
        for frame in dataset.PerFrameFunctionalGroupsSequence
    ]
    assert numbers == [1, 2, 3, 4, 5]


def test_columns_lead_from_chest_wall_to_nipple():
    # Patient axes are left, posterior, head: the nipple is anterior, the image's top lateral.
    assert position_mm(0, "L", SETTINGS) == [pytest.approx(1.95), 0, 0]
    assert position_mm(0, "R", SETTINGS) == [pytest.approx(-1.95), pytest.approx(-2.9), 0]


def test_identifiers_follow_from_the_arguments():
    assert encode() == encode()
    left, right = decode(encode("L")), decode(encode("R"))
    assert left.StudyInstanceUID == right.StudyInstanceUID
    assert left.SeriesInstanceUID != right.SeriesInstanceUID
    other = decode(encode(stored=STORED // 2))
    assert other.SOPInstanceUID != left.SOPInstanceUID
    assert other.SeriesInstanceUID == left.SeriesInstanceUID
    assert decode(encode(seed=2)).StudyInstanceUID != left.StudyInstanceUID
    assert uid("x").startswith("2.25.")
    assert len(uid("x")) <= 64
    assert uid("x").is_valid


@pytest.mark.parametrize("laterality", ["L", "R"])
def test_the_validator_finds_nothing(tmp_path, laterality):
    validator = shutil.which("dciodvfy")
    if validator is None:
        pytest.skip("dciodvfy (Debian package dicom3tools) is not installed")
    path = tmp_path / "volume.dcm"
    path.write_bytes(encode(laterality))
    done = subprocess.run([validator, str(path)], capture_output=True, text=True, check=False)
    report = done.stdout + done.stderr
    assert "BreastTomosynthesisImage" in report
    assert "Error" not in report
    assert "Warning" not in report
    assert done.returncode == 0
