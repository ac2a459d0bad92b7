"""Spoilt files of any kind: what is no image, sizes, stacks, and files that are none."""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from support.image_files import (
    UID_ROOT,
    picture,
    raw_png,
    volume,
    write_dicom,
    write_png,
    write_tiff,
)
from support.opening import fault, write_image
from support.opening import opened_spaced as opened
from tomocalc.errors import TomocalcError, TomocalcErrors
from tomocalc.readers.sources import source_files


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.dcm", "a.pgm", "a.jpg", "plain"])
def test_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    found = fault(tmp_path / name)
    assert found.code == "E201"
    assert name in found.where
    assert "copy it again" in found.fix


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><body>404 not found</body></html>", "starts with `<html`"),
        (b"\n<!DOCTYPE html>\n<html>", "starts with `<!DOCTYPE`"),
        (b"sorry, the file has moved\n" * 9, "is text"),
        (b"%PDF-1.7", "is a PDF document"),
        (b"PK\x03\x04", "is a ZIP archive"),
        (b"7z\xbc\xaf\x27\x1c", "is 7z data"),
        (b"PK\x03\x04" + bytes(26) + b"0001.roi", "is a ZIP archive of ImageJ ROIs"),
        (b"Iout\0", "is an ImageJ ROI"),
        (b"\x1f\x8b\x08", "is gzip data"),
        (b"P2\n2 2\n255\n1 2 3 4\n", "is a plain-text PGM"),
        (b"\x00\x01\x02\x03" * 99, "has no known signature"),
        (b"version https://git-lfs.github.com/spec/v1\n", "is a Git LFS pointer"),
    ],
)
def test_not_an_image(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "a.png").write_bytes(content)
    found = fault(tmp_path / "a.png")
    assert found.code == "E203"
    assert words in found.why
    (tmp_path / "b.png").write_bytes(content)
    assert fault(tmp_path).where.endswith("a.png, and 1 more alike")


def test_name_and_content_must_agree(tmp_path: Path) -> None:
    write_png(tmp_path / "a.tif", picture())
    found = fault(tmp_path / "a.tif")
    assert found.code == "E203"
    assert found.why == "the name promises TIFF and the content is PNG"
    (tmp_path / "a.raw").write_bytes(bytes(99))
    assert "write a header beside it" in fault(tmp_path / "a.raw").fix


def test_names_without_a_known_ending_promise_nothing(tmp_path: Path) -> None:
    frame = picture()
    path = write_dicom(tmp_path / f"{UID_ROOT}.7", [frame])
    np.testing.assert_array_equal(opened(path).read(0), frame)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 500), (500, 15)])
@pytest.mark.parametrize("kind", ["png", "tif", "dcm", "pgm"])
def test_too_small(tmp_path: Path, shape: tuple[int, int], kind: str) -> None:
    found = fault(write_image(tmp_path / f"a.{kind}", np.zeros(shape, np.uint8)))
    assert found.code == "E204"
    assert "smaller than min_size" in found.what


def test_too_large_is_refused_from_the_header(tmp_path: Path) -> None:
    # The PNG has no pixels at all: only its header can have been read.
    (tmp_path / "a.png").write_bytes(
        raw_png(rows=60_000, columns=60_000, bits=8, colour=0, lines=b"")
    )
    found = fault(tmp_path / "a.png")
    assert found.code == "E204"
    assert "60000 × 60000" in found.why
    assert "image.max_pixels" in found.fix


def test_one_odd_slice_is_a_fault_of_its_own(tmp_path: Path) -> None:
    for index, frame in enumerate(volume(4)):
        write_png(tmp_path / f"{index}.png", frame[: 40 if index == 2 else 48])
    found = opened(tmp_path)
    assert (found.header.rows, list(found.faults)) == (48, [2])
    assert found.faults[2].code == "E207"
    write_png(tmp_path / "2.png", picture(bits=16))
    assert "uint16" in opened(tmp_path).faults[2].why


def test_bad_slices_of_a_folder_are_known_before_decoding(tmp_path: Path) -> None:
    for index, frame in enumerate(volume(5)):
        write_png(tmp_path / f"{index}.png", frame)
    (tmp_path / "1.png").write_bytes(b"")
    (tmp_path / "3.png").write_bytes(b"<html>")
    found = opened(tmp_path)
    assert {index: error.code for index, error in found.faults.items()} == {1: "E201", 3: "E203"}
    assert len(found) == 5
    np.testing.assert_array_equal(found.read(4), volume(5)[4])


def test_every_fault_is_listed_when_no_slice_is_sound(tmp_path: Path) -> None:
    for index in range(3):
        (tmp_path / f"{index}.png").touch()
    with pytest.raises(TomocalcErrors) as caught:
        opened(tmp_path)
    assert str(caught.value).count("E201") == 3


def test_a_stranger_among_slices_is_not_a_lost_slice(tmp_path: Path) -> None:
    write_png(tmp_path / "1.png", picture())
    (tmp_path / "ATTRIBUTION.txt").write_text("made by nobody")
    found = fault(tmp_path)
    assert found.code == "E203"
    assert "ATTRIBUTION.txt" in found.where
    assert "pattern such as *.png" in found.fix
    np.testing.assert_array_equal(opened(tmp_path / "*.png").read(0), picture())


def test_formats_cannot_be_mixed(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture())
    write_tiff(tmp_path / "b.tif", [picture()])
    found = fault(tmp_path)
    assert (found.code, found.why) == ("E207", "its files are PNG, TIFF")


def test_a_folder_named_like_an_image(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture())
    (tmp_path / "b.png").mkdir()
    found = fault(tmp_path)
    assert found.code == "E104"
    assert "b.png" in found.where
    assert "folder" in found.why


def test_a_dangling_link_and_a_pipe_are_listed_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "b.png")
    with pytest.raises(TomocalcErrors) as caught:
        opened(tmp_path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert "link points to nothing" in lines[0]
    assert "pipe" in lines[1]


def test_missing_file_empty_folder_pattern_without_match(tmp_path: Path) -> None:
    assert fault(tmp_path / "a.png").code == "E104"
    assert fault(tmp_path / "*.png").code == "E104"
    assert fault(tmp_path).code == "E104"


def test_a_link_to_itself_and_a_name_too_long(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "a.png")
    assert fault(tmp_path / "a.png").code == "E104"
    assert fault(tmp_path / ("a" * 300)).code == "E104"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
def test_permission_denied() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = write_png(Path(folder) / "a.png", picture())
        path.chmod(0)
        os.seteuid(65534)
        try:
            found = fault(path)
        finally:
            os.seteuid(0)
    assert (found.code, found.why) == ("E104", "permission denied")


@pytest.mark.parametrize("name", ["naïve 患者", "x'y\"z", "a [1] {b} $(c)", "ščan é"])
def test_any_name_is_allowed(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    frames = volume(2)
    for index, frame in enumerate(frames):
        write_png(folder / f"{name} {index}.png", frame)
        write_tiff(folder / f"{name} {index}.tif", [frame])
    one = opened(folder / f"{name} 1.tif")
    np.testing.assert_array_equal(one.read(0), frames[1])


def test_a_file_that_vanishes(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", picture())
    found = opened(path)
    path.unlink()
    with pytest.raises(TomocalcError, match="E104"):
        found.read(0)
    with pytest.raises(TomocalcError, match="E104"):
        found.key(0)


@pytest.mark.parametrize("litter", ["@eaDir", ".DS_Store", "Thumbs.db", "__MACOSX", "#recycle"])
def test_what_drives_and_browsers_leave_behind_is_no_slice(tmp_path: Path, litter: str) -> None:
    folder = tmp_path / "[2021] study" / "s"
    (folder / litter).mkdir(parents=True)
    for index in range(2):
        (folder / f"{index}.png").touch()
    whole = [folder / "0.png", folder / "1.png"]
    assert source_files(folder) == whole
    assert source_files(folder / "*") == whole  # the brackets are the folder's own
