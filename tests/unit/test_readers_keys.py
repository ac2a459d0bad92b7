"""Keys, interface and files of a volume."""

import copy
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support.image_files import picture, volume, write_dicom, write_png, write_tiff
from support.opening import opened
from tomocalc.errors import TomocalcError
from tomocalc.readers.file_names import natural_key
from tomocalc.readers.sources import check_sha256, source_files, source_sha256

ROOT = Path(__file__).parents[2]


class TestKeys:
    def test_a_key_changes_with_its_slice_only(self, tmp_path: Path) -> None:
        frames = volume(3, bits=12)
        path = write_dicom(tmp_path / "a.dcm", frames, bits=12, enhanced=True)
        before = [opened(path, slice_spacing_mm=1.0).key(index) for index in range(3)]
        assert len(set(before)) == 3
        frames[1][0, 0] ^= 1
        moved = write_dicom(tmp_path / "b.dcm", frames, bits=12, enhanced=True)
        after = [opened(moved, slice_spacing_mm=1.0).key(index) for index in range(3)]
        assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]

    @pytest.mark.parametrize(
        "attributes",
        [
            {"PhotometricInterpretation": "MONOCHROME1"},
            {"PixelSpacing": [0.2, 0.2]},
            {"PixelRepresentation": 1},
            {"RescaleSlope": -1, "RescaleIntercept": 0},
        ],
        ids=str,
    )
    def test_a_key_covers_what_decides_the_values(
        self, tmp_path: Path, attributes: dict[str, Any]
    ) -> None:
        plain = opened(write_dicom(tmp_path / "a.dcm", [picture()]))
        other = opened(write_dicom(tmp_path / "b.dcm", [picture()], **attributes))
        assert plain.key(0) != other.key(0)

    def test_a_key_ignores_names_and_dates(self, tmp_path: Path) -> None:
        plain = opened(write_dicom(tmp_path / "a.dcm", [picture()]))
        other = opened(write_dicom(tmp_path / "b.dcm", [picture()], StudyDate="20200101"))
        assert plain.key(0) == other.key(0)

    def test_keys_of_floats_depend_on_their_common_scale(self, tmp_path: Path) -> None:
        pages = [frame.astype(np.float32) for frame in volume(2)]
        options: dict[str, Any] = {"pixel_spacing_mm": 0.1, "slice_spacing_mm": 1.0}
        before = opened(write_tiff(tmp_path / "a.tif", pages), **options).key(0)
        pages[1] *= 2
        assert opened(write_tiff(tmp_path / "a.tif", pages), **options).key(0) != before


class TestInterface:
    def test_slices_in_any_order_process_and_thread(self, tmp_path: Path) -> None:
        frames = volume(6, bits=12)
        path = write_dicom(tmp_path / "a.dcm", frames, bits=12, enhanced=True, syntax="jpegls")
        found = copy.deepcopy(opened(path, slice_spacing_mm=1.0))
        with ThreadPoolExecutor(4) as pool:
            for index, image in enumerate(pool.map(found.read, range(6))):
                np.testing.assert_array_equal(image, frames[index])

    def test_index_out_of_range(self, tmp_path: Path) -> None:
        found = opened(write_png(tmp_path / "a.png", picture()), pixel_spacing_mm=0.1)
        for index in (-1, 1):
            with pytest.raises(IndexError):
                found.read(index)

    def test_a_volume_is_not_read_into_memory(self, tmp_path: Path) -> None:
        """Only the bytes of the wanted frame are read: the others may be anything."""
        frames = volume(3, bits=12)
        path = write_dicom(tmp_path / "a.dcm", frames, bits=12, enhanced=True)
        found = opened(path, slice_spacing_mm=1.0)
        content = path.read_bytes()
        size = frames[0].nbytes
        path.write_bytes(content[: -2 * size] + frames[1].tobytes())
        np.testing.assert_array_equal(found.read(1), frames[1])


class TestSources:
    def test_natural_order(self) -> None:
        names = ["s10.png", "s2.png", "S1.png", "a/2", "a/10", "s02.png"]
        expected = ["a/2", "a/10", "S1.png", "s02.png", "s2.png", "s10.png"]
        assert sorted(names, key=natural_key) == expected

    def test_names_with_and_without_a_number_have_an_order(self) -> None:
        assert sorted(["I10", "I2", "I", "I 1", "1"], key=natural_key) == [
            *("1", "I", "I2", "I10", "I 1")
        ]

    @pytest.mark.parametrize(
        ("names", "codes"),
        [
            ("p12_s001 p12_s002 p12_s003 p12_s004", []),
            ("s001_of_060 s002_of_060 s003_of_060", []),
            ("IM-0001-0009 IM-0001-0010 IM-0001-0011", []),
            ("1.8 1.9 1.10 1.11", []),
            ("z0.5 z1.0 z1.5 z2.0", []),
            ("2026-01-02_1 2026-01-02_2 2026-01-02_3", []),
            ("slice_9_kV28 slice_10_kV29 slice_11_kV28", ["names_vary"]),
            ("max4095_s8 max4081_s9 max4090_s10", ["names_vary"]),
            ("p12_s1 p12_s2 p13_s3 p13_s4", ["names_vary"]),
            ("s1 s2 s4 s5", ["numbers_skip"]),
            ("first second third", ["names_without_numbers"]),
            ("a b c", []),
        ],
    )
    def test_the_number_that_counts_slices_orders_them(
        self, tmp_path: Path, names: str, codes: list[str]
    ) -> None:
        frames = volume(len(names.split()))
        for name, frame in zip(names.split(), frames, strict=True):
            write_png(tmp_path / f"{name}.png", frame)
        found = opened(tmp_path, pixel_spacing_mm=0.1, slice_spacing_mm=1.0)
        for index, frame in enumerate(frames):
            np.testing.assert_array_equal(found.read(index), frame)
        assert [doubt.code for doubt in found.header.doubts] == codes

    @pytest.mark.parametrize(
        ("names", "why"),
        [
            ("L_1 L_2 R_1 R_2", "number 1 varies and repeats"),
            ("p12_s1 p12_s2 p13_s1 p13_s2", "number 1 and number 2 varies and repeats"),
            ("1.1 1.2 2.1 2.2", "number 1 and number 2 varies and repeats"),
            ("s1 s01 s2", "number 1 varies and repeats"),
            ("s1_z9 s2_z8 s3_z7", "number 1 and number 2 .* different orders"),
            ("s1 s2 scout", "not made alike"),
        ],
    )
    def test_names_that_tell_no_order_are_refused(
        self, tmp_path: Path, names: str, why: str
    ) -> None:
        for name in names.split():
            write_png(tmp_path / f"{name}.png", picture())
        with pytest.raises(TomocalcError, match=f"E207.*{why}.*pattern"):
            opened(tmp_path, pixel_spacing_mm=0.1, slice_spacing_mm=1.0)

    def test_a_name_with_brackets_is_taken_literally(self, tmp_path: Path) -> None:
        (tmp_path / "a[1].png").touch()
        (tmp_path / "a1.png").touch()
        assert source_files(tmp_path / "a[1].png") == [tmp_path / "a[1].png"]

    def test_checksums(self, tmp_path: Path) -> None:
        (tmp_path / "2.png").write_bytes(b"two")
        (tmp_path / "10.png").write_bytes(b"ten")
        one = hashlib.sha256(b"two").hexdigest()
        assert source_sha256(tmp_path / "2.png") == one
        listing = f"{one}  2.png\n{hashlib.sha256(b'ten').hexdigest()}  10.png\n"
        both = hashlib.sha256(listing.encode()).hexdigest()
        check_sha256(tmp_path, both.upper())
        with pytest.raises(TomocalcError, match="E208"):
            check_sha256(tmp_path, one)
