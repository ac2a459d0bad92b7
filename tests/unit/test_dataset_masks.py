"""Masks are as little trusted as images, and lie on the slices that they say."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
import tifffile
from msgspec.structs import replace
from pydicom.dataset import Dataset

from support.image_files import dicom, write_dicom, write_jpeg, write_png
from support.manifests import manifest
from support.mask_files import (
    LABELS,
    MARKED,
    PICTURES,
    SEGMENTATION,
    SHADE,
    SHAPE,
    at,
    deepened,
    derived,
    faint,
    grey,
    outlines,
    resampled,
    rgba,
    segmentation,
    write_itk,
    write_stack,
)
from support.opening import opened
from tomocalc.accounts.manifest import SliceSource, VolumeManifest
from tomocalc.dataset.masks import placed
from tomocalc.dicom_output.identity import identity
from tomocalc.dicom_output.segmentation import segmentation_bytes
from tomocalc.errors import TomocalcError
from tomocalc.image.runs import Runs
from tomocalc.readers.plane import source_key

LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
UIDS = [f"1.2.3.{index}" for index in range(5)]

VOLUME = manifest(
    "v",
    slices=5,
    rows=SHAPE[0],
    columns=SHAPE[1],
    sources=tuple(
        SliceSource(stored=stored, source=source_key("1.2.3"), position_mm=float(index))
        for index, stored in enumerate([0, 2, 4, 1, 3])
    ),
)
SINGLES = manifest(
    "v",
    slices=5,
    sources=tuple(
        SliceSource(stored=index, source=source_key(uid)) for index, uid in enumerate(UIDS)
    ),
)


def masks(path: Path, *, on: int | None = 3, volume: VolumeManifest = VOLUME) -> dict[Any, Any]:
    row = {"volume_id": "v", "_line": 2, "slice": on, "mask": str(path), "radius": None}
    (found,) = placed([row], [volume])
    return dict(found["mask"].slices())


@pytest.mark.parametrize("name", PICTURES)
def test_a_mask_marks_what_differs_from_its_background(tmp_path: Path, name: str) -> None:
    PICTURES[name](tmp_path / name)
    found = masks(tmp_path / name, on=4)
    assert list(found) == [2]  # the stored frame 4 lies at slice 2
    np.testing.assert_array_equal(found[2], MARKED)


INSTANCES = np.zeros(SHAPE, np.uint8)
INSTANCES[20:26, 8:14], INSTANCES[40:44, 30:33], INSTANCES[44:47, 33:36] = 7, 3, 9
"""Three labels, two of which touch at a corner."""


def write_instances(path: Path) -> None:
    if path.suffix == ".dcm":
        made = segmentation([at(1.0)], sop_class=LABEL_MAP, SegmentationType="LABELMAP")
        made.PixelData = INSTANCES.tobytes()
        made.save_as(path, enforce_file_format=True)
    elif path.suffix == ".nrrd":
        write_itk(path, np.stack([INSTANCES * (index == 1) for index in range(5)]))
    else:
        write_png(path, INSTANCES)


# Labels that touch are parts of one finding; segments of DICOM are findings by definition.
@pytest.mark.parametrize(
    ("name", "sizes"), [("a.png", [21, 36]), ("a.nrrd", [21, 36]), ("a.dcm", [9, 12, 36])]
)
def test_labels_that_lie_apart_are_findings(tmp_path: Path, name: str, sizes: list[int]) -> None:
    write_instances(tmp_path / name)
    row = {"volume_id": "v", "_line": 2, "slice": None, "mask": str(tmp_path / name)}
    drawn = [image for one in placed([row], [VOLUME]) for image in one["mask"].slices().values()]
    assert sorted(int(image.sum()) for image in drawn) == sizes


@pytest.mark.parametrize("name", ["stack.tif", "stack.nii.gz", "stack.nrrd", "stack.mha", "folder"])
def test_pages_of_a_mask_are_slices(tmp_path: Path, name: str) -> None:
    write_stack(tmp_path / name)
    by_position = name not in ("stack.tif", "folder")  # pictures follow the stored frames
    found = masks(tmp_path / name, on=None)
    assert sorted(found) == ([1, 3] if by_position else [3, 4])
    np.testing.assert_array_equal(found[1 if by_position else 3], MARKED)
    named = 2 if by_position else 1  # the stored frame of the slice that page 1 lies on
    assert list(masks(tmp_path / name, on=named)) == [1 if by_position else 3]


@pytest.mark.parametrize("towards", ["", "RAS", "IRP"])
def test_a_mask_of_the_patient_lies_where_the_dicom_volume_shows_it(
    tmp_path: Path, towards: str
) -> None:
    """A volume whose columns run to the back, rows to the feet and slices to the right."""
    axes = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)
    sources = tuple(replace(source, orientation=axes) for source in VOLUME.sources)
    made = SimpleITK.GetImageFromArray(np.stack([MARKED * np.uint8(k == 1) for k in range(5)]))
    made.SetSpacing((0.1, 0.1, 1.0))
    made.SetDirection((0, 0, -1, 1, 0, 0, 0, -1, 0))  # of columns, rows and slices, as columns
    made = SimpleITK.DICOMOrient(made, towards) if towards else made
    volume = replace(VOLUME, sources=sources)
    SimpleITK.WriteImage(made, str(tmp_path / "m.nii.gz"))
    found = masks(tmp_path / "m.nii.gz", on=None, volume=volume)
    assert list(found) == [1]
    np.testing.assert_array_equal(found[1], MARKED)
    made.SetOrigin(np.add(made.GetOrigin(), (-2.0, 0.0, 0.0)))
    SimpleITK.WriteImage(made, str(tmp_path / "n.nii.gz"))
    with pytest.raises(TomocalcError, match=r"E303.*page 1 lies 3 mm.*slice 1 of v does not"):
        masks(tmp_path / "n.nii.gz", on=None, volume=volume)


SEGMENTATIONS: dict[str, tuple[Dataset, VolumeManifest, list[int]]] = {
    # frame numbers count from 1, as stored: 2 is stored 1, which lies at slice 3
    "one source frame": (segmentation([derived(("1.2.3", 2))]), VOLUME, [3]),
    "several source frames": (segmentation([derived(("1.2.3", [1, 2]))]), VOLUME, [0, 3]),
    "single images": (
        segmentation([derived((UIDS[4], None)), derived((UIDS[1], None))]),
        SINGLES,
        [1, 4],
    ),
    "an image of several sources": (
        segmentation([derived((UIDS[0], None), (UIDS[2], None))]),
        SINGLES,
        [0, 2],
    ),
    "positions only": (segmentation([at(1.2), at(4.0)]), VOLUME, [1, 4]),
    "fractional": (
        segmentation(
            [derived(("1.2.3", 1))], SegmentationType="FRACTIONAL", MaximumFractionalValue=255
        ),
        VOLUME,
        [0],
    ),
    "label map": (
        segmentation([derived(("1.2.3", 1))], sop_class=LABEL_MAP, SegmentationType="LABELMAP"),
        VOLUME,
        [0],
    ),
}


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_a_segmentation_lies_on_the_slices_that_it_names(tmp_path: Path, name: str) -> None:
    made, volume, slices = SEGMENTATIONS[name]
    made.save_as(tmp_path / "m.dcm", enforce_file_format=True)
    found = masks(tmp_path / "m.dcm", on=None, volume=volume)
    assert sorted(found) == slices
    for image in found.values():
        np.testing.assert_array_equal(image, MARKED)
    (turned, *_) = masks(tmp_path / "m.dcm", on=None, volume=replace(volume, turned=True)).values()
    np.testing.assert_array_equal(turned, MARKED[::-1, ::-1])


REFUSED = {
    "resampled.tif": (partial(resampled, labels=LABELS), "E303.*surround.*nearest neighbour"),
    "grey.tif": (partial(resampled, labels=100 * (LABELS % 3)), "E303.*surround its labels"),
    "deepened.nrrd": (deepened, "E303.*in one place on neighbouring pages"),
    "transparent.png": (lambda path: rgba(path, 128), "E206.*not opaque.*onto black"),
    "faint.tif": (
        lambda path: tifffile.imwrite(path, MARKED * np.float32(0.4)),
        "E303.*its largest value is 0.4, less than half of 1",
    ),
    "faint.jpg": (
        lambda path: write_jpeg(path, grey(0, 20), quality=100),
        "E303.*its grey levels reach 2. only",
    ),
    "shades.png": (
        lambda path: write_png(path, grey(0, 255) + SHADE),
        "E303.*4 pixels of other values lie apart",
    ),
    "colours.dcm": (
        lambda path: write_dicom(
            path, [np.dstack([grey(0, 9)] * 3)], PhotometricInterpretation="RGB", bits=8
        ),
        "E203.*colours in DICOM.*save it as PNG",
    ),
    "empty.png": (lambda path: write_png(path, grey(0, 0)), "E303.*no pixel of it is set"),
    "most.png": (
        lambda path: write_png(path, np.pad(np.ones((60, 44), np.uint8), 2)),
        "E303.*86% of its pixels are set",
    ),
    "halves.png": (
        lambda path: write_png(path, np.repeat(np.array([[0, 1]], np.uint8), 24, 1).repeat(64, 0)),
        "E303.*no value is clearly its background",
    ),
    "deflated.dcm": (
        lambda path: write_dicom(path, [grey(0, 1)], syntax="deflated"),
        "E203.*it is deflated",
    ),
    "fraction.dcm": (faint, "E303.*no pixel of it is set"),
    "outlines.dcm": (outlines, "E203.*RT Structure Set Storage, and holds no pixels.*3D Slicer"),
    "elsewhere.dcm": (
        lambda path: segmentation([derived(("9.9", None)), derived(("9.8", None))]).save_as(
            path, enforce_file_format=True
        ),
        "E303.*other images than those of v",
    ),
    "undescribed.dcm": (
        lambda path: dicom([grey(0, 1)], sop_class=SEGMENTATION).save_as(
            path, enforce_file_format=True
        ),
        "E303.*its frames are not described",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_decided_is_refused(tmp_path: Path, name: str) -> None:
    write, words = REFUSED[name]
    write(tmp_path / name)
    with pytest.raises(TomocalcError, match=words):
        masks(tmp_path / name)


def test_a_segmentation_of_another_volume_is_refused(tmp_path: Path) -> None:
    own = replace(VOLUME, volume_id="w", sources=SINGLES.sources)
    made = segmentation([derived((UIDS[4], 1))])
    made.save_as(tmp_path / "m.dcm", enforce_file_format=True)
    row = {"volume_id": "v", "_line": 2, "slice": None, "mask": str(tmp_path / "m.dcm")}
    with pytest.raises(TomocalcError, match=r"E303.*of the images of w.*gives it to v"):
        placed([row], [VOLUME, own])


def test_a_frame_that_was_left_out_cannot_be_annotated() -> None:
    sources = (*VOLUME.sources[:3], *VOLUME.sources[4:])
    kept = replace(VOLUME, slices=4, sources=sources)
    row = {"volume_id": "v", "_line": 7, "slice": 1, "mask": None}
    with pytest.raises(TomocalcError, match=r"E303.*line 7.*frame 1 of v is no slice"):
        placed([row], [kept])


@pytest.mark.parametrize("identifiers", ["source", "pseudonymous"])
@pytest.mark.parametrize("storage", ["frames", "files", "reversed files"])
def test_the_products_own_segmentation_reads_back(
    tmp_path: Path, identifiers: str, storage: str
) -> None:
    order = [3, 0, 2, 4, 1]  # stored image k lies at depth order[k]
    depths = [[-float(place), 0.0, 0.0] for place in order]
    pages = [grey(0, 100 + place) for place in order]
    who = {"StudyInstanceUID": "1.2.3.4", "PatientID": "p"}
    if storage == "frames":
        where = write_dicom(tmp_path / "a.dcm", pages, enhanced=True, positions=depths, **who)
    else:
        where = tmp_path / "s"
        where.mkdir()
        sign = -1.0 if storage == "reversed files" else 1.0
        for number, (page, place) in enumerate(zip(pages, depths, strict=True)):
            position = [sign * value for value in place]
            uid = {"SOPInstanceUID": UIDS[number], "InstanceNumber": order[number]}
            write_dicom(where / f"{number}.dcm", [page], positions=[position], **uid, **who)
    stack = opened(where)
    volume = manifest("v", slices=5, rows=SHAPE[0], columns=SHAPE[1], sources=stack.sources())
    row = np.arange(20, 26, dtype=np.int32)
    runs = Runs(row, np.full(6, 8, np.int32), np.full(6, 14, np.int32), np.array([0, 6]))
    files = [stack.path(index) for index in range(5)]
    written = segmentation_bytes(
        identity=identity(
            volume,
            files[:1] if storage == "frames" else files,
            identifiers=identifiers,
            content="c",
        ),
        manifest=volume,
        objects={1: runs, 2: runs},
        version="1",
    )
    (tmp_path / "seg.dcm").write_bytes(written)
    found = masks(tmp_path / "seg.dcm", on=None, volume=volume)
    assert sorted(found) == [1, 2]
    np.testing.assert_array_equal(found[2], MARKED)
