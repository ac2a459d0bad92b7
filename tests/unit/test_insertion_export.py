"""Volumes with what is put into them as DICOM: read back they are the same."""

from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest

import export_insertions
from support.defaults import CONFIG
from support.image_volumes import SHEET
from support.normal_volumes import INSERTION, normal_volume
from tomocalc.accounts.insertion import Insertions
from tomocalc.insertion.layer import InsertedVolume, objects_of, putting_in
from tomocalc.insertion.planning import plan_insertion
from tomocalc.phantom.dicom import dicom_bytes
from tomocalc.readers.volume import Volume, open_volume

MANY = replace(INSERTION, distractors=6.0)
Exported = tuple[Path, InsertedVolume, Insertions]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Return the folder of an export, the volume that went into it, and what was put in."""
    folder = tmp_path_factory.mktemp("export")
    volume = normal_volume(folder)
    plan = plan_insertion(volume, volume_id="v1", where="v1", calcified=True, settings=MANY, seed=3)
    account = Insertions(volumes=(plan,))
    account.write(folder / "insertion.json")
    sheet = folder / "own.tsv"
    sheet.write_text(
        "volume_id\tslice\tx\ty\tradius\tkind\tpathology\nv1\t4\t30\t40\t2\tcalcification\tbenign\n"
    )
    row = {"view": "MLO", "path": str(folder / "v1.dcm")}
    export_insertions.main(
        volumes=[SHEET | row | {"pixel_spacing_mm": None, "slice_spacing_mm": None}],
        insertions=[str(folder / "insertion.json")],
        image=CONFIG["image"],
        folder=str(folder / "dicom"),
        annotations=str(sheet),
    )
    put_in = putting_in(plan, "v1")(volume)
    assert isinstance(put_in, InsertedVolume)
    return folder / "dicom", put_in, account


def read_back(folder: Path) -> Volume:
    return open_volume(folder / "v1.dcm", max_pixels=10**7, min_size=16)


def test_our_own_reader_reads_the_same_volume(exported: Exported) -> None:
    folder, volume, _ = exported
    back = read_back(folder)
    for name in ("slices", "rows", "columns", "spacing_mm", "slice_spacing_mm", "laterality"):
        assert getattr(back.header, name) == getattr(volume.header, name)
    assert back.header.view == "MLO"
    for index in range(len(volume)):
        np.testing.assert_array_equal(back.read(index), volume.read(index))


def test_the_headers_say_what_was_done_and_no_more(exported: Exported) -> None:
    header = pydicom.dcmread(exported[0] / "v1.dcm", stop_before_pixels=True)
    assert (header.PatientID, str(header.PatientName)) == ("p1", "")
    assert "put in" in header.StudyDescription
    assert "phantom" not in str(header).lower()
    assert "BreastImplantPresent" not in header


def test_the_segmentation_lies_on_every_object(exported: Exported) -> None:
    folder, volume, account = exported
    made = hd.seg.segread(folder / "v1.seg.dcm")
    image = pydicom.dcmread(folder / "v1.dcm", stop_before_pixels=True)
    assert made.FrameOfReferenceUID == image.FrameOfReferenceUID
    masks = made.get_pixels_by_source_frame(
        image.SOPInstanceUID,
        [*range(1, len(volume) + 1)],
        ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )
    (plan,) = account.volumes
    every = list(objects_of(plan))
    assert {one.kind == "calcification" for one in every} == {True, False}
    for one in every:
        segment = 0 if one.kind == "calcification" else 1
        assert masks[one.slice, round(one.y), round(one.x), segment]
    # the area of a calcification is that of its body, a pixel more or less around it
    widest = max(every, key=lambda one: one.diameter_mm if one.kind == "calcification" else 0)
    reach = widest.diameter_mm / 2 / plan.pixel_spacing_mm + 1
    row, col = np.nonzero(masks[widest.slice, :, :, 0])
    near = np.hypot(row - widest.y, col - widest.x) < 3 * reach
    assert 1 <= near.sum() <= np.pi * reach**2 * 4


def test_the_sheets_go_with_the_exported_slices(exported: Exported) -> None:
    folder, _, account = exported
    volumes = (folder / "volumes.tsv").read_text().splitlines()
    assert volumes[1] == "v1\tp1\tL\tMLO\tv1.dcm"
    lines = (folder / "annotations.tsv").read_text().splitlines()
    names = lines[0].split("\t")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:]]
    own, *inserted = rows
    assert (own["slice"], own["x"], own["pathology"]) == ("4", "30", "benign")
    wanted = [one for one in objects_of(account.volumes[0]) if one.kind == "calcification"]
    assert [(int(row["slice"]), row["x"], row["y"]) for row in inserted] == [
        (one.slice, f"{one.x:.2f}", f"{one.y:.2f}") for one in wanted
    ]


def test_equal_volumes_give_equal_files(exported: Exported, tmp_path: Path) -> None:
    folder, volume, account = exported
    made = export_insertions.inserted_image(
        volume, account.volumes[0], patient_id="p1", laterality="L", view="MLO"
    )
    truth = export_insertions.truth_bytes(made, account.volumes[0])
    assert dicom_bytes(made) == (folder / "v1.dcm").read_bytes()
    assert truth == (folder / "v1.seg.dcm").read_bytes()
