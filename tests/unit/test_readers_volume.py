"""Order, spacing and side of a volume."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.image_files import (
    MAMMOGRAPHY,
    TOMOSYNTHESIS,
    dicom,
    item,
    picture,
    volume,
    write_dicom,
    write_png,
    write_tiff,
)
from support.opening import opened
from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError
from tomocalc.readers.geometry import side_of


def depths(count: int, step: float = 1.0) -> list[list[float]]:
    """Return positions of slices whose normal is the first axis, as in a left CC view."""
    return [[-step * index, 3.0, 7.0] for index in range(count)]


class TestOrder:
    def test_without_positions_by_instance_number(self, tmp_path: Path) -> None:
        frames = volume(12)
        for index, frame in enumerate(frames):
            write_dicom(tmp_path / f"{index}.dcm", [frame], InstanceNumber=100 - index)
        found = opened(tmp_path, slice_spacing_mm=1.0)
        for index in range(12):
            np.testing.assert_array_equal(found.read(index), frames[11 - index])

    @pytest.mark.parametrize("other", [{"InstanceNumber": 1}, {}, {"ImagePositionPatient": [0, 0]}])
    def test_unknown_order(self, tmp_path: Path, other: dict[str, Any]) -> None:
        write_dicom(tmp_path / "0.dcm", [picture()], InstanceNumber=1, SliceLocation=1)
        write_dicom(tmp_path / "1.dcm", [picture()], **other)
        with pytest.raises(TomocalcError, match=r"E207.*order.*InstanceNumber"):
            opened(tmp_path)

    def test_two_volumes_in_one_folder(self, tmp_path: Path) -> None:
        write_dicom(tmp_path / "0.dcm", [picture()], InstanceNumber=0)
        write_dicom(tmp_path / "1.dcm", volume(2), enhanced=True)
        with pytest.raises(TomocalcError, match=r"E207.*multi-frame"):
            opened(tmp_path)

    def test_gap_between_slices_is_a_warning(self, tmp_path: Path) -> None:
        positions = [[-float(depth), 0.0, 0.0] for depth in (0, 1, 2, 5, 6)]
        path = write_dicom(tmp_path / "a.dcm", volume(5), enhanced=True, positions=positions)
        assert opened(path).header.doubts == (Doubt(code="gap", slices=(2,), values={"mm": 3.0}),)

    @pytest.mark.parametrize("order", ["rising", "falling", "mixed"])
    def test_place_of_a_slice_without_header(self, tmp_path: Path, order: str) -> None:
        numbers = {"rising": [0, 1, 2, 3], "falling": [3, 2, 1, 0], "mixed": [0, 2, 1, 3]}[order]
        for index, number in enumerate(numbers):
            write_dicom(tmp_path / f"{index}.dcm", [picture()], InstanceNumber=number)
        (tmp_path / "3.dcm").write_bytes((tmp_path / "3.dcm").read_bytes()[:150])
        if order == "mixed":
            with pytest.raises(TomocalcError, match=r"E207.*place of a damaged slice"):
                opened(tmp_path, slice_spacing_mm=1.0)
        else:
            found = opened(tmp_path, slice_spacing_mm=1.0)
            assert list(found.faults) == [3 if order == "rising" else 0]


class TestSpacing:
    def test_pixel_spacing_comes_before_the_detector_s_and_the_sheet_s(
        self, tmp_path: Path
    ) -> None:
        path = write_dicom(
            tmp_path / "a.dcm", [picture()], spacing=(0.11, 0.1105), ImagerPixelSpacing=[0.14, 0.14]
        )
        header = opened(path).header
        assert header.spacing_mm == (0.11, 0.1105)
        assert (header.spacing_source, header.doubts) == ("PixelSpacing", ())
        header = opened(path, pixel_spacing_mm=0.2).header
        assert header.spacing_mm == (0.11, 0.1105)
        differ = Doubt(code="pixel_spacing_differs", values={"header": 0.11, "sheet": 0.2})
        assert header.doubts == (differ,)

    @pytest.mark.parametrize("spacing", [None, (0.0, 0.0)])
    def test_detector_spacing(self, tmp_path: Path, spacing: tuple[float, float] | None) -> None:
        path = write_dicom(
            tmp_path / "a.dcm", [picture()], spacing=spacing, ImagerPixelSpacing=[0.07, 0.0705]
        )
        header = opened(path).header
        assert header.spacing_mm == (0.07, 0.0705)
        assert header.spacing_source == "ImagerPixelSpacing"
        assert header.doubts == (Doubt(code="detector_spacing"),)

    @pytest.mark.parametrize(
        ("sop_class", "pixel", "codes"),
        [
            (MAMMOGRAPHY, 0.06, []),
            (MAMMOGRAPHY, 0.14, ["imager_spacing_differs"]),
            (TOMOSYNTHESIS, 0.14, []),
            (TOMOSYNTHESIS, 0.02, ["imager_spacing_differs"]),
            (TOMOSYNTHESIS, 0.7, ["imager_spacing_differs"]),
        ],
    )
    def test_spacings_that_no_magnification_explains(
        self, tmp_path: Path, sop_class: str, pixel: float, codes: list[str]
    ) -> None:
        path = write_dicom(
            tmp_path / "a.dcm",
            [picture()],
            sop_class=sop_class,
            spacing=(pixel, pixel),
            ImagerPixelSpacing=[0.07, 0.07],
        )
        assert [doubt.code for doubt in opened(path).header.doubts] == codes

    @pytest.mark.parametrize(
        ("slices", "step", "codes"),
        [
            (24, 0.5, []),
            (24, 0.1, ["depth_unlikely"]),
            (6, 0.1, ["depth_unlikely"]),  # positions in cm
            (8, 45.0, ["depth_unlikely"]),
            (60, 1.0, ["more_than_rows"]),
        ],
    )
    def test_a_depth_that_no_breast_has(
        self, tmp_path: Path, slices: int, step: float, codes: list[str]
    ) -> None:
        path = write_tiff(tmp_path / "a.tif", volume(slices))
        header = opened(path, pixel_spacing_mm=0.1, slice_spacing_mm=step).header
        assert [doubt.code for doubt in header.doubts] == codes

    def test_a_missing_spacing_names_the_resolution_of_the_file(self, tmp_path: Path) -> None:
        path = write_tiff(
            tmp_path / "a.tif", [picture()], resolution=(100, 100), resolutionunit="CENTIMETER"
        )
        with pytest.raises(TomocalcError, match=r"E205.*the 0\.1 mm of the file's resolution"):
            opened(path)

    @pytest.mark.parametrize("spacing", [None, (0.0, 0.0)])
    def test_the_sheet_s_spacing_or_an_error(
        self, tmp_path: Path, spacing: tuple[float, float] | None
    ) -> None:
        path = write_dicom(tmp_path / "a.dcm", [picture()], spacing=spacing)
        header = opened(path, pixel_spacing_mm=0.09).header
        assert (header.spacing_mm, header.spacing_source) == ((0.09, 0.09), "sheet")
        with pytest.raises(TomocalcError, match=r"E205.*pixel_spacing_mm in the sheet"):
            opened(path)

    def test_spacing_in_per_frame_groups(self, tmp_path: Path) -> None:
        dataset = dicom(volume(2), enhanced=True, spacing=None)
        dataset.PerFrameFunctionalGroupsSequence = [
            item(PixelMeasuresSequence=[item(PixelSpacing=[0.2, 0.3], SpacingBetweenSlices=-2.0)])
            for _ in range(2)
        ]
        dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
        header = opened(tmp_path / "a.dcm").header
        assert (header.spacing_mm, header.slice_spacing_mm) == ((0.2, 0.3), 2.0)
        assert header.slice_spacing_source == "SpacingBetweenSlices"

    def test_slice_thickness_is_no_slice_spacing(self, tmp_path: Path) -> None:
        path = write_dicom(tmp_path / "a.dcm", volume(2), enhanced=True, SliceThickness=39)
        with pytest.raises(TomocalcError, match=r"E205.*slice_spacing_mm in the sheet"):
            opened(path)
        header = opened(path, slice_spacing_mm=1).header
        assert (repr(header.slice_spacing_mm), header.slice_spacing_source) == ("1.0", "sheet")

    def test_a_single_slice_needs_no_slice_spacing(self, tmp_path: Path) -> None:
        header = opened(write_png(tmp_path / "a.png", picture()), pixel_spacing_mm=0.1).header
        assert (header.slice_spacing_mm, header.slice_spacing_source) == (1.0, "single slice")

    def test_per_frame_items_of_another_number_need_a_word_from_the_sheet(
        self, tmp_path: Path
    ) -> None:
        dataset = dicom(volume(3), enhanced=True, positions=depths(5))
        dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
        with pytest.raises(TomocalcError) as caught:
            opened(tmp_path / "a.dcm", pixel_spacing_mm=0.1)
        assert caught.value.code == "E207"
        assert "describes 5 frames and 3 are stored" in caught.value.why
        assert "give slice_spacing_mm in the sheet" in caught.value.fix
        found = opened(tmp_path / "a.dcm", pixel_spacing_mm=0.1, slice_spacing_mm=1.0)
        assert (len(found), found.header.slice_spacing_source) == (3, "sheet")
        assert [doubt.code for doubt in found.header.doubts] == ["header_contradicts"]


class TestSide:
    def test_side_of_an_image(self) -> None:
        left = picture(200, 160, bits=12)
        assert side_of(left) == "L"
        assert side_of(left[:, ::-1]) == "R"
        assert side_of(np.zeros((50, 50), np.uint8)) is None
        assert side_of(np.concatenate([left, left[:, ::-1]], axis=1)) is None

    def test_what_happens_when_the_sheet_disagrees(self, tmp_path: Path) -> None:
        frames = volume(3, bits=12)
        path = write_tiff(tmp_path / "a.tif", frames)
        options: dict[str, Any] = {"pixel_spacing_mm": 0.1, "slice_spacing_mm": 1.0}
        assert opened(path, laterality="L", **options).header.doubts == ()
        kept = opened(path, laterality="R", **options)
        np.testing.assert_array_equal(kept.read(1), frames[1])
        assert kept.header.doubts == (Doubt(code="side_differs"),)
        repaired = opened(path, laterality="R", side_mismatch="repair", **options)
        np.testing.assert_array_equal(repaired.read(1), frames[1][::-1, ::-1])
        assert repaired.read(1).flags.c_contiguous
        assert (repaired.header.turned, kept.header.turned) == (True, False)
        assert repaired.header.doubts == (Doubt(code="side_turned"),)
        assert repaired.key(1) != kept.key(1)

    def test_side_is_taken_from_a_sound_slice(self, tmp_path: Path) -> None:
        for index, frame in enumerate(volume(3)):
            write_png(tmp_path / f"{index}.png", frame)
        (tmp_path / "1.png").write_bytes(b"")
        found = opened(tmp_path, pixel_spacing_mm=0.1, slice_spacing_mm=1.0, laterality="R")
        assert found.header.doubts == (Doubt(code="side_differs"),)

    def test_a_header_of_another_side_is_a_doubt_where_the_image_does_not_decide(
        self, tmp_path: Path
    ) -> None:
        both = np.concatenate([picture(), picture()[:, ::-1]], axis=1)
        path = write_dicom(tmp_path / "a.dcm", [both], ImageLaterality="R")
        assert opened(path, laterality="L").header.doubts == (Doubt(code="side_unclear"),)
        assert opened(path, laterality="R").header.doubts == ()

    def test_header_facts(self, tmp_path: Path) -> None:
        path = write_dicom(tmp_path / "a.dcm", [picture()], ImageLaterality="R", ViewPosition="MLO")
        assert (opened(path).header.laterality, opened(path).header.view) == ("R", "MLO")
        assert opened(path, side_mismatch="repair").header.doubts == (Doubt(code="side_differs"),)
        code = item(CodeValue="R-10242", CodingSchemeDesignator="SRT")
        path = write_dicom(tmp_path / "a.dcm", [picture()], ViewCodeSequence=[code])
        assert (opened(path).header.laterality, opened(path).header.view) == (None, "CC")
