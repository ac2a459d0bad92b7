"""Structured report and segmentation: valid, readable by others, deterministic, without PHI."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import highdicom as hd
import msgspec
import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes

from support.image_files import write_dicom
from support.manifests import manifest
from support.report_tree import circles, items
from tomocalc.dicom_output.identity import Identity, identity
from tomocalc.dicom_output.objects import (
    CIRCLE_TOOL,
    report_bytes,
    segmentation_bytes,
)
from tomocalc.errors import TomocalcError
from tomocalc.image.runs import Runs

MANIFEST = manifest("v1", patient_id="p1", laterality="R", slices=6, rows=40, columns=32)
OBJECTS = {
    2: Runs(
        np.array([10, 11], np.int32),
        np.array([4, 4], np.int32),
        np.array([7, 6], np.int32),
        np.array([0, 2]),
    )
}


def mark(number: int, **changes: Any) -> dict[str, Any]:
    place = {"slice": 2, "row": 10.4, "col": 5.0, "diameter_mm": 0.3, "area_mm2": 0.05}
    return {"candidate_id": number, "probability": 0.75, **place, **changes}


CLUSTER = {
    "cluster_id": 0,
    "slice": 3.2,
    "row": 12.0,
    "column": 30.0,
    "radius_mm": 0.8,
    "count": 4,
    "probability_max": 0.9,
}
REMARK = "The model was trained on in-silico phantoms only."


def pseudonymous() -> Identity:
    return identity(MANIFEST, [], identifiers="pseudonymous", content="c")


def report(who: Identity | None = None, *, marks: Any = None, turned: bool = False) -> bytes:
    return report_bytes(
        identity=who or pseudonymous(),
        manifest=msgspec.structs.replace(MANIFEST, turned=turned),
        marks=[mark(7), mark(9, slice=5, probability=0.5)] if marks is None else marks,
        clusters=[CLUSTER],
        score=0.75,
        remarks=[REMARK],
        version="1",
    )


def segmentation(
    who: Identity | None = None, *, objects: Any = None, turned: bool = False
) -> bytes:
    return segmentation_bytes(
        identity=who or pseudonymous(),
        manifest=msgspec.structs.replace(MANIFEST, turned=turned),
        objects=OBJECTS if objects is None else objects,
        version="1",
    )


def read(content: bytes) -> pydicom.Dataset:
    return pydicom.dcmread(io.BytesIO(content))


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


def test_a_circle_is_laid_out_as_the_viewer_ohif_reads_it() -> None:
    """Its parser takes the first NUM of a group, and the SCOORD inside that NUM."""
    groups = items(read(report()), "125007")[1:]
    assert len(groups) == 3
    for group in groups:
        first = next(item for item in group.ContentSequence if item.ValueType == "NUM")
        assert first.ConceptNameCodeSequence[0].CodeMeaning == "Area"
        (coordinates,) = first.ContentSequence
        assert (coordinates.ValueType, coordinates.GraphicType) == ("SCOORD", "CIRCLE")
        assert coordinates.ContentSequence[0].ReferencedSOPSequence[0].ReferencedFrameNumber
        assert items(group, "112039")[0].TextValue == CIRCLE_TOOL


def test_what_to_know_of_the_scores_stands_in_the_report() -> None:
    comments = items(read(report()), "121106")
    assert [item.TextValue for item in comments[:2]] == ["volume", REMARK]


def test_the_mask_is_read_back_pixel_by_pixel() -> None:
    dataset = read(segmentation())
    assert dataset.NumberOfFrames == 1
    mask = dataset.pixel_array
    assert mask.shape == (40, 32)
    assert np.argwhere(mask).tolist() == [[10, 4], [10, 5], [10, 6], [11, 4], [11, 5]]
    group = dataset.PerFrameFunctionalGroupsSequence[0]
    source = group.DerivationImageSequence[0].SourceImageSequence[0]
    assert source.ReferencedFrameNumber == 3
    assert group.PlanePositionSequence[0].ImagePositionPatient == [0, 0, 2]


def test_a_volume_without_a_flagged_candidate_has_valid_objects() -> None:
    assert not read(segmentation(objects={})).pixel_array.any()
    assert [item["identifier"] for item in circles(read(report(marks=[])))] == ["cluster 0"]


def test_marks_of_a_turned_image_are_those_of_the_stored_one() -> None:
    first = circles(read(report(turned=True)))[0]
    assert (first["x"], first["y"]) == pytest.approx((31 - 5.0, 39 - 10.4))
    mask = read(segmentation(turned=True)).pixel_array
    assert np.argwhere(mask).tolist()[-1] == [29, 27]


def test_a_long_list_is_cut_at_the_most_probable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tomocalc.dicom_output.objects.LARGEST_REPORT", 4)
    assert len(circles(read(report(marks=[mark(number) for number in range(9)])))) == 4 + 1


@pytest.mark.parametrize("make", [report, segmentation])
def test_equal_input_gives_equal_bytes(make: Any) -> None:
    assert make() == make()
    dataset = read(make())
    assert dataset.ContentDate == "19000101"
    assert dataset.SOPInstanceUID.startswith("2.25.")


def test_another_result_gets_another_identifier() -> None:
    other = identity(MANIFEST, [], identifiers="pseudonymous", content="d")
    assert read(report()).SOPInstanceUID != read(report(other)).SOPInstanceUID
    assert read(report()).StudyInstanceUID == read(report(other)).StudyInstanceUID


@pytest.fixture
def source(tmp_path: Path) -> list[Path]:
    """Write six slices as single files, with a patient."""
    files = []
    for index in range(6):
        path = tmp_path / f"{index}.dcm"
        position = [0.0, 0.0, -float(index)]
        write_dicom(
            path, [np.full((40, 32), 9, np.uint16)], spacing=(0.1, 0.1), positions=[position]
        )
        dataset = pydicom.dcmread(path)
        dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        dataset.PatientName, dataset.PatientID = "PHI^CÄNARY", "PHI-ID"
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.StudyInstanceUID, dataset.SOPInstanceUID = "1.2.3", f"1.2.3.{index}"
        dataset.StudyID, dataset.AccessionNumber = "PHI-STUDY", "PHI-ACC"
        dataset.PatientComments = "PHI-COMMENT"
        dataset.save_as(path)
        files.append(path)
    return files


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
    with pytest.raises(TomocalcError, match=r"E601.*not DICOM"):
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


def test_a_single_image_has_no_frame_number() -> None:
    single = msgspec.structs.replace(MANIFEST, slices=1)
    who = identity(single, [], identifiers="pseudonymous", content="c")
    objects = {0: OBJECTS[2]}
    dataset = read(segmentation_bytes(identity=who, manifest=single, objects=objects, version="1"))
    derived = dataset.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence[0]
    assert "ReferencedFrameNumber" not in derived.SourceImageSequence[0]


@pytest.mark.parametrize("identifiers", ["pseudonymous", "source"])
@pytest.mark.parametrize("tool", ["dciodvfy", "dsrdump"])
def test_validators_accept_them(
    tmp_path: Path, source: list[Path], tool: str, identifiers: str
) -> None:
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed")
    who = identity(MANIFEST, source, identifiers=identifiers, content="c")
    contents = {
        "report": report(who),
        "mask": segmentation(who, objects={**OBJECTS, 4: OBJECTS[2]}),
        "empty": segmentation(who, objects={}),
    }
    for name, content in contents.items():
        if tool == "dsrdump" and name != "report":
            continue
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(content)
        run = subprocess.run([tool, path], capture_output=True, text=True, check=False)
        output = run.stdout + run.stderr
        assert "Error" not in output, output
        assert run.returncode == 0, output
        if tool == "dsrdump":
            assert "Individual Calcification" in output
            assert "(CIRCLE," in output
