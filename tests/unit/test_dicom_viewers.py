"""What other programs make of the DICOM objects: OHIF's parser, the validators, dcmtk."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

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
from support.image_files import write_dicom
from support.report_tree import circles, items
from tomocalc.dicom_output.identity import identity


@pytest.fixture
def source(tmp_path: Path) -> list[Path]:
    return write_source(tmp_path)


READER = Path(__file__).parents[1] / "support/ohif/read_report.mjs"
CIRCLE = re.compile(r"type=circle .* units=pixel\n.*coordinates: ([\d.]+)\\([\d.]+)")
"""A circle as dcmtk tells it."""
INSTALLED = Path(__file__).parents[2] / ".tests/ohif"


@pytest.mark.skipif(
    not (INSTALLED / "node_modules").is_dir(),
    reason="the parser of OHIF is not installed: tests/support/install_system_packages.sh",
)
@pytest.mark.parametrize("turned", [False, True])
def test_the_viewer_ohif_makes_annotations_of_all_marks(tmp_path: Path, turned: bool) -> None:
    (tmp_path / "report.dcm").write_bytes(report(turned=turned))
    run = subprocess.run(
        ["node", "--input-type=module", "-", tmp_path / "report.dcm"],
        cwd=INSTALLED,  # where its imports are looked for
        input=READER.read_text("utf-8"),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(run.stdout)
    assert [(one["tool"], one["label"], int(one["image"].split(":")[1])) for one in found] == [
        ("CircleROI", "candidate 7", 3),
        ("CircleROI", "candidate 9", 6),
        ("CircleROI", "cluster 0", 4),
    ]
    x, y = (31 - 5.0, 39 - 10.4) if turned else (5.0, 10.4)
    assert found[0]["points"][0] == pytest.approx([x, y, 0], abs=0.001)


@pytest.mark.parametrize("turned", [False, True])
def test_presentation_state_and_cad_report_hold_the_places_of_the_report(turned: bool) -> None:
    expected = [(one["frame"], one["x"], one["y"]) for one in circles(read(report(turned=turned)))]
    drawn = [
        (item.ReferencedImageSequence[0].ReferencedFrameNumber, *graphic.GraphicData[:2])
        for item in read(presentation(turned=turned)).GraphicAnnotationSequence
        for graphic in item.get("GraphicObjectSequence", [])
    ]
    document = read(cad(turned=turned))
    library = items(document, "111028")[0].ContentSequence
    listed = [
        (
            library[centre.ContentSequence[0].ReferencedContentItemIdentifier[2] - 1]
            .ReferencedSOPSequence[0]
            .ReferencedFrameNumber,
            *centre.GraphicData,
        )
        for centre in items(document, "111010")
    ]
    for places in (drawn, listed):
        found = [(frame, x - 0.5, y - 0.5) for frame, x, y in places]
        for one, other in zip(sorted(found), sorted(expected), strict=True):
            assert one == pytest.approx(other, abs=0.001)


@pytest.mark.skipif(shutil.which("dcmp2pgm") is None, reason="needs dcmtk")
@pytest.mark.parametrize("turned", [False, True])
def test_dcmtk_finds_the_circles_where_the_marks_are(
    source: list[Path], tmp_path: Path, turned: bool
) -> None:
    who = identity(MANIFEST, source, identifiers="source", content="c")
    (tmp_path / "slices.dcm").write_bytes(presentation(who, turned=turned))
    named = {"PatientName": "A^B", "PatientID": "A"}  # dcmtk wants a name
    named |= {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.3", "SOPInstanceUID": "1.4"}
    whole = write_dicom(tmp_path / "whole.dcm", [np.zeros((40, 32), np.uint16)] * 6, **named)
    who = identity(MANIFEST, [whole], identifiers="source", content="c")
    first = [mark(7, slice=0)]  # dcmtk lists what is on the first frame
    (tmp_path / "frames.dcm").write_bytes(presentation(who, marks=first, turned=turned))
    candidate, cluster = (5.0, 10.4), (30.0, 12.0)  # x, y
    expected = {2: candidate, 3: cluster, 5: candidate}
    looks = [(path, "slices", expected.get(index)) for index, path in enumerate(source)]
    for image, state, place in [*looks, (whole, "frames", candidate)]:
        call = ["dcmp2pgm", "-v", "-p", tmp_path / f"{state}.dcm", image, tmp_path / "shown.pgm"]
        run = subprocess.run(call, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        assert (tmp_path / "shown.pgm").read_bytes().startswith(b"P5")
        found = CIRCLE.findall(run.stderr)
        assert len(found) == (place is not None)
        for circle in found:
            x, y = place or (0, 0)
            x, y = (31 - x, 39 - y) if turned else (x, y)
            # the middle of the first pixel is 0.5\\0.5 (PS3.3 C.10.5.2)
            assert tuple(map(float, circle)) == pytest.approx((x + 0.5, y + 0.5), abs=0.1)


def test_a_presentation_state_shows_the_images_as_they_show_themselves(tmp_path: Path) -> None:
    path = write_dicom(
        tmp_path / "a.dcm",
        [np.zeros((40, 32), np.uint16)] * 6,
        PhotometricInterpretation="MONOCHROME1",
        StudyInstanceUID="1.2.3",
        SeriesInstanceUID="1.2.3.4",
        SOPInstanceUID="1.2.3.4.5",
        RescaleSlope=2,
        RescaleIntercept=-5,
        RescaleType="US",
        WindowCenter=700,
        WindowWidth=300,
        WindowCenterWidthExplanation="Jane Doe",
    )
    who = identity(MANIFEST, [path], identifiers="source", content="c")
    made = read(presentation(who))
    assert (made.RescaleSlope, made.RescaleIntercept) == (2, -5)
    shown = made.SoftcopyVOILUTSequence[0]
    assert (shown.WindowCenter, shown.WindowWidth) == (700, 300)
    assert made.PresentationLUTShape == "INVERSE"
    assert "Jane Doe" not in str(made)


def test_remarks_stand_in_every_object_that_is_shown() -> None:
    notes = [
        text.UnformattedTextValue
        for item in read(presentation(marks=[])).GraphicAnnotationSequence
        for text in item.TextObjectSequence
    ]
    assert REMARK in notes
    assert REMARK in [item.TextValue for item in items(read(cad(marks=[])), "121106")]


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
        "presentation": presentation(who),
        "no marks": presentation(who, marks=[]),
        "cad": cad(who),
        "cad of nothing": cad(who, marks=[]),
    }
    for name, content in contents.items():
        if tool == "dsrdump" and name not in ("report", "cad", "cad of nothing"):
            continue
        path = tmp_path / f"{name}.dcm"
        path.write_bytes(content)
        run = subprocess.run([tool, path], capture_output=True, text=True, check=False)
        output = run.stdout + run.stderr
        assert "Error" not in output, output
        assert run.returncode == 0, output
        if tool == "dsrdump" and name != "cad of nothing":
            assert "Individual Calcification" in output
            assert "(CIRCLE," in output
