"""Structured report and segmentation: valid, readable by others, deterministic, without PHI."""

import io
from pathlib import Path
from typing import Any

import highdicom as hd
import msgspec
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import BreastTomosynthesisImageStorage

from support.dicom_objects import (
    MANIFEST,
    OBJECTS,
    REMARK,
    cad,
    mark,
    presentation,
    read,
    report,
    segmentation,
    write_source,
)
from support.report_tree import circles, items
from tomocalc.dicom_output.identity import identity
from tomocalc.dicom_output.objects import CIRCLE_TOOL
from tomocalc.dicom_output.segmentation import segmentation_bytes
from tomocalc.errors import TomocalcError


@pytest.fixture
def source(tmp_path: Path) -> list[Path]:
    return write_source(tmp_path)


def test_the_marks_are_read_back_with_nothing_but_pydicom() -> None:
    found = circles(read(report()))
    assert [(item["identifier"], item["frame"]) for item in found] == [
        ("candidate 7", 3),
        ("candidate 9", 6),
        ("cluster 0", 4),
    ]
    assert found[0] == {
        "identifier": "candidate 7",
        "frame": 3,
        "x": pytest.approx(5.0),
        "y": pytest.approx(10.4),
        "certainty": pytest.approx(75.0),
    }


def test_no_circle_leaves_the_image() -> None:
    for region in items(read(report()), "260753009"):
        if region.ValueType == "SCOORD":
            x, y = np.array(region.GraphicData).reshape(-1, 2).T
            assert 0 <= x.min() <= x.max() <= MANIFEST.columns
            assert 0 <= y.min() <= y.max() <= MANIFEST.rows


def test_what_to_know_of_the_scores_stands_in_the_report() -> None:
    comments = items(read(report()), "121106")
    assert [item.TextValue for item in comments[:2]] == ["volume", REMARK]


def test_where_clusters_are_judged_they_alone_have_a_probability_and_it_is_of_cancer() -> None:
    for make, figures in ((report, 2), (cad, 1)):  # of the volume and the cluster, of the cluster
        text = str(read(make(question="malignancy")))
        assert text.count("Probability of cancer") == figures
        assert "Certainty of Finding" not in text
        assert "Clusters judged benign or malignant" in text
        assert "Probability of cancer" not in str(read(make()))
    drawn = str(read(presentation(question="malignancy")))
    assert "'0.9'" in drawn
    assert "'0.75'" not in drawn
    assert "Members of clusters" in str(read(segmentation(question="malignancy")))


def test_the_mask_is_read_back_pixel_by_pixel() -> None:
    dataset = read(segmentation())
    assert dataset.NumberOfFrames == 1
    mask = dataset.pixel_array
    assert mask.shape == (40, 32)
    assert np.argwhere(mask).tolist() == [[10, 4], [10, 5], [10, 6], [11, 4], [11, 5]]
    group = dataset.PerFrameFunctionalGroupsSequence[0]
    assert group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber == 3
    assert group.PlanePositionSequence[0].ImagePositionPatient == [0, 0, 2]


def test_a_volume_without_a_flagged_candidate_has_valid_objects() -> None:
    assert not read(segmentation(objects={})).pixel_array.any()
    assert [item["identifier"] for item in circles(read(report(marks=[])))] == ["cluster 0"]


def test_marks_of_a_turned_image_are_those_of_the_stored_one() -> None:
    first = circles(read(report(turned=True)))[0]
    assert (first["x"], first["y"]) == pytest.approx((31 - 5.0, 39 - 10.4))
    assert np.argwhere(read(segmentation(turned=True)).pixel_array).tolist()[-1] == [29, 27]


def test_a_long_list_is_cut_at_the_most_probable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomocalc.dicom_output.objects.LARGEST_REPORT", 4)
    assert len(circles(read(report(marks=[mark(number) for number in range(9)])))) == 4 + 1


@pytest.mark.parametrize("make", [report, segmentation, presentation, cad])
def test_equal_input_gives_equal_bytes(make: Any) -> None:
    assert make() == make()
    dataset = read(make())
    assert dataset.InstanceCreationDate == "19000101"
    assert dataset.SOPInstanceUID.startswith("2.25.")


def test_another_result_gets_another_identifier() -> None:
    other = identity(MANIFEST, [], identifiers="pseudonymous", content="d")
    assert read(report()).SOPInstanceUID != read(report(other)).SOPInstanceUID
    assert read(report()).StudyInstanceUID == read(report(other)).StudyInstanceUID


def test_identifiers_of_the_source_are_copied_only_when_asked_for(source: list[Path]) -> None:
    for content in (report(), segmentation()):
        assert b"PHI" not in content
    who = identity(MANIFEST, source, identifiers="source", content="c")
    for content in (report(who), segmentation(who)):
        dataset = read(content)
        assert (dataset.PatientID, dataset.StudyInstanceUID) == ("PHI-ID", "1.2.3")
        assert b"PHI-COMMENT" not in content
    assert str(read(report(who)).PatientName) == "PHI^CÄNARY"
    mask = read(segmentation(who)).PerFrameFunctionalGroupsSequence[0]
    source_image = mask.DerivationImageSequence[0].SourceImageSequence[0]
    assert source_image.ReferencedSOPInstanceUID == "1.2.3.2"
    assert mask.PlanePositionSequence[0].ImagePositionPatient == [0, 0, -2]


def test_a_source_without_identifiers_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0" * 300)
    with pytest.raises(TomocalcError, match=r"E601.*not DICOM.*--identifiers"):
        identity(MANIFEST, [tmp_path / "a.png"], identifiers="source", content="c")


@pytest.mark.parametrize("identifiers", ["pseudonymous", "source"])
def test_highdicom_reads_them(source: list[Path], identifiers: str) -> None:
    who = identity(MANIFEST, source, identifiers=identifiers, content="c")
    tree: Any = hd.sr.srread(io.BytesIO(report(who))).content
    groups = tree.get_image_measurement_groups()
    assert [group.tracking_identifier for group in groups] == ["volume", *[CIRCLE_TOOL] * 3]
    area = groups[1].get_measurements(codes.SCT.Area)[0]
    assert (area.value, area.unit) == (0.05, codes.UCUM.SquareMillimeter)
    assert area.referenced_coordinates[0].graphic_type.value == "CIRCLE"
    objects = {**OBJECTS, 4: OBJECTS[2]}
    masks = hd.seg.segread(io.BytesIO(segmentation(who, objects=objects)))
    assert masks.get_segment_description(1).segment_label == "Microcalcification candidates"
    for frame, slice_ in enumerate((4, 2) if identifiers == "pseudonymous" else (2, 4)):
        wanted = np.zeros((40, 32), np.uint8)
        wanted[10, 4:7] = wanted[11, 4:6] = 1
        assert np.array_equal(masks.get_stored_frame(frame + 1), wanted)
        position = masks.PerFrameFunctionalGroupsSequence[frame].PlanePositionSequence[0]
        assert abs(position.ImagePositionPatient[2]) == slice_


@pytest.mark.parametrize("identifiers", ["pseudonymous", "source"])
def test_a_single_image_has_no_frame_number(source: list[Path], identifiers: str) -> None:
    single = msgspec.structs.replace(MANIFEST, slices=1)
    one = pydicom.dcmread(source[0])
    one.SOPClassUID = BreastTomosynthesisImageStorage
    one.save_as(source[0])
    who = identity(single, source[:1], identifiers=identifiers, content="c")
    objects = {0: OBJECTS[2]}
    dataset = read(segmentation_bytes(identity=who, manifest=single, objects=objects, version="1"))
    derived = dataset.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    (image,) = derived.SourceImageSequence
    assert image.ReferencedSOPClassUID == who.images[0].SOPClassUID
    assert "ReferencedFrameNumber" not in image


def test_a_long_name_of_a_patient_is_shortened_and_stays_the_only_one() -> None:
    long = [msgspec.structs.replace(MANIFEST, patient_id="p" * 99 + end) for end in "ab"]
    who = [identity(one, [], identifiers="pseudonymous", content="c") for one in long]
    assert [len(name) for name in {read(report(found)).PatientID for found in who}] == [64, 64]
