"""Spoilt files: each is named in one line, with the place and a remedy, and none is skipped."""

from __future__ import annotations

import os
import re
import struct
import tempfile
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.uid import UID

from image_files import (
    SYNTAX,
    UID_ROOT,
    dicom,
    encode,
    item,
    picture,
    raw_png,
    volume,
    write_dicom,
    write_jpeg,
    write_pgm,
    write_png,
    write_tiff,
)
from tomocalc.errors import TomocalcError, TomocalcErrors
from tomocalc.readers.volume import Volume, open_volume

CANARY = "CANARY"
CUTS = [0.1, 0.5, 0.9, 0.99]


def opened(path: Path | str, **options: Any) -> Volume:
    defaults: dict[str, Any] = {"pixel_spacing_mm": 0.1, "slice_spacing_mm": 1.0}
    return open_volume(path, **{**defaults, "max_pixels": 10**6, "min_size": 16, **options})


def fault(path: Path | str, index: int = 0, **options: Any) -> TomocalcError:
    """Open *path*, read one slice, and return the fault that must come."""
    with pytest.raises(TomocalcError) as caught:
        opened(path, **options).read(index)
    for line in str(caught.value).splitlines():
        assert re.fullmatch(r"ERROR \[E\d{3}\] .+ \(.+\): .+\. Fix: .+\.", line)
    return caught.value


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.dcm", "a.pgm", "a.jpg", "plain"])
def test_empty_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    found = fault(tmp_path / name)
    assert found.code == "E201"
    assert name in found.where
    assert "copy it again" in found.fix


@pytest.mark.parametrize("share", CUTS)
@pytest.mark.parametrize("kind", ["png", "tif", "tif_zstd", "jpg", "pgm"])
def test_truncated_raster(tmp_path: Path, kind: str, share: float) -> None:
    image = picture(200, 150)
    if kind == "png":
        path = write_png(tmp_path / "a.png", image)
    elif kind == "jpg":
        path = write_jpeg(tmp_path / "a.jpg", image)
    elif kind == "pgm":
        path = write_pgm(tmp_path / "a.pgm", image)
    else:
        options = {"compression": "zstd", "rowsperstrip": 20} if kind == "tif_zstd" else {}
        path = write_tiff(tmp_path / "a.tif", [image], **options)
    found = fault(cut(path, share))
    assert found.code == "E202"
    assert str(path) in found.where


def test_truncated_multi_page_tiff_is_never_a_short_stack(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", volume(5, rows=100, columns=80), compression="zlib")
    found = opened(cut(path, 0.99))
    assert len(found) == 5
    assert [(index, error.code) for index, error in found.faults.items()] == [(4, "E202")]
    assert "its chain of pages breaks off after" in fault(cut(path, 0.5)).why


@pytest.mark.parametrize("syntax", ["explicit", "rle", "jpegls", "jpeg2000", "jpeg_lossless"])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
def test_truncated_dicom_names_the_frames_that_are_missing(
    tmp_path: Path, syntax: str, share: float
) -> None:
    frames = volume(6, rows=100, columns=80, bits=12)
    path = write_dicom(tmp_path / "a.dcm", frames, syntax=syntax, bits=12, enhanced=True)
    found = opened(cut(path, share))
    assert len(found) == 6
    lost = [index for index in range(6) if index in found.faults]
    assert lost == list(range(lost[0], 6))
    for index in range(lost[0]):
        np.testing.assert_array_equal(found.read(index), frames[index])
    for index in lost:
        with pytest.raises(TomocalcError, match=rf"E202.*a\.dcm, slice {index}\): the file ends"):
            found.read(index)


@pytest.mark.parametrize("size", [3, 100, 140, 200, 300])
def test_dicom_cut_in_its_header(tmp_path: Path, size: int) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture()])
    path.write_bytes(path.read_bytes()[:size])
    assert fault(path).code in ("E202", "E203")


def test_flipped_bit_in_a_png_is_noticed(tmp_path: Path) -> None:
    path = write_png(tmp_path / "a.png", picture(bits=16))
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(40):
        spoilt = bytearray(content)
        spoilt[rng.integers(8, len(content))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bytes(spoilt))
        fault(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><body>404 not found</body></html>", "starts with `<html`"),
        (b"\n<!DOCTYPE html>\n<html>", "starts with `<!DOCTYPE`"),
        (b"sorry, the file has moved\n" * 9, "is text"),
        (b"%PDF-1.7", "is a PDF document"),
        (b"PK\x03\x04", "is a ZIP archive"),
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


def test_name_and_content_must_agree(tmp_path: Path) -> None:
    write_png(tmp_path / "a.tif", picture())
    found = fault(tmp_path / "a.tif")
    assert found.code == "E203"
    assert found.why == "the name promises TIFF and the content is PNG"


def test_names_without_a_known_ending_promise_nothing(tmp_path: Path) -> None:
    frame = picture()
    path = write_dicom(tmp_path / f"{UID_ROOT}.7", [frame])
    np.testing.assert_array_equal(opened(path).read(0), frame)


def test_png_kinds_that_are_not_grey_or_rgb(tmp_path: Path) -> None:
    Image.fromarray(picture()).convert("P").save(tmp_path / "palette.png")
    Image.fromarray(picture()).convert("1").save(tmp_path / "one.png")
    assert "palette" in fault(tmp_path / "palette.png").why
    assert "1-bit" in fault(tmp_path / "one.png").why


def test_tiff_and_jpeg_kinds_that_are_not_grey_or_rgb(tmp_path: Path) -> None:
    Image.fromarray(picture()).convert("P").save(tmp_path / "palette.tif")
    Image.fromarray(picture()).convert("1").save(tmp_path / "one.tif")
    Image.fromarray(np.dstack([picture()] * 4), "CMYK").save(tmp_path / "cmyk.tif")
    Image.fromarray(np.dstack([picture()] * 4), "CMYK").save(tmp_path / "cmyk.jpg")
    write_tiff(tmp_path / "codec.tif", [picture()], compression="lzma")
    assert "palette" in fault(tmp_path / "palette.tif").why
    assert "1 bit" in fault(tmp_path / "one.tif").why
    assert "separated" in fault(tmp_path / "cmyk.tif").why
    assert "CMYK" in fault(tmp_path / "cmyk.jpg").why
    assert "LZMA" in fault(tmp_path / "codec.tif").why


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 500), (500, 15)])
@pytest.mark.parametrize("kind", ["png", "tif", "dcm", "pgm"])
def test_too_small(tmp_path: Path, shape: tuple[int, int], kind: str) -> None:
    image = np.zeros(shape, np.uint8)
    path = tmp_path / f"a.{kind}"
    if kind == "png":
        write_png(path, image)
    elif kind == "tif":
        write_tiff(path, [image])
    elif kind == "dcm":
        write_dicom(path, [image])
    else:
        write_pgm(path, image)
    found = fault(path)
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


def test_an_empty_file_among_dicom_slices(tmp_path: Path) -> None:
    for index in range(3):
        write_dicom(tmp_path / f"{index}.dcm", [picture()], InstanceNumber=index)
    (tmp_path / "1.dcm").write_bytes(b"")
    assert [(index, error.code) for index, error in opened(tmp_path).faults.items()] == [
        (1, "E201")
    ]


def test_jpeg_ls_outside_dicom(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(encode(picture(), "jpegls", bits=8))
    assert "JPEG-LS" in fault(tmp_path / "a.jpg").why


def test_formats_cannot_be_mixed(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", picture())
    write_tiff(tmp_path / "b.tif", [picture()])
    found = fault(tmp_path)
    assert (found.code, found.why) == ("E207", "its files are PNG, TIFF")


class TestFiles:
    def test_a_folder_named_like_an_image(self, tmp_path: Path) -> None:
        write_png(tmp_path / "a.png", picture())
        (tmp_path / "b.png").mkdir()
        found = fault(tmp_path)
        assert found.code == "E104"
        assert "b.png" in found.where
        assert "folder" in found.why

    def test_a_dangling_link_and_a_pipe_are_listed_at_once(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").symlink_to(tmp_path / "nothing")
        os.mkfifo(tmp_path / "b.png")
        with pytest.raises(TomocalcErrors) as caught:
            opened(tmp_path)
        lines = str(caught.value).splitlines()
        assert len(lines) == 2
        assert "link points to nothing" in lines[0]
        assert "pipe" in lines[1]

    def test_missing_file_empty_folder_pattern_without_match(self, tmp_path: Path) -> None:
        assert fault(tmp_path / "a.png").code == "E104"
        assert fault(tmp_path / "*.png").code == "E104"
        assert fault(tmp_path).code == "E104"

    def test_a_link_to_itself_and_a_name_too_long(self, tmp_path: Path) -> None:
        (tmp_path / "a.png").symlink_to(tmp_path / "a.png")
        assert fault(tmp_path / "a.png").code == "E104"
        assert fault(tmp_path / ("a" * 300)).code == "E104"

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")
    def test_permission_denied(self) -> None:
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
    def test_any_name_is_allowed(self, tmp_path: Path, name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        frames = volume(2)
        for index, frame in enumerate(frames):
            write_png(folder / f"{name} {index}.png", frame)
            write_tiff(folder / f"{name} {index}.tif", [frame])
        one = opened(folder / f"{name} 1.tif")
        np.testing.assert_array_equal(one.read(0), frames[1])

    def test_a_file_that_vanishes(self, tmp_path: Path) -> None:
        path = write_png(tmp_path / "a.png", picture())
        found = opened(path)
        path.unlink()
        with pytest.raises(TomocalcError, match="E104"):
            found.read(0)
        with pytest.raises(TomocalcError, match="E104"):
            found.key(0)


class TestDicom:
    def test_no_pixel_data(self, tmp_path: Path) -> None:
        path = write_dicom(tmp_path / "a.dcm", [picture()], PixelData=None)
        found = fault(path)
        assert found.code == "E202"
        assert "Breast Tomosynthesis" in found.why

    @pytest.mark.parametrize(
        ("sop_class", "name"),
        [
            ("1.2.840.10008.5.1.4.1.1.88.11", "Basic Text SR Storage"),
            ("1.2.840.10008.1.3.10", "Media Storage Directory Storage"),
            ("1.2.840.10008.5.1.4.1.1.4", "MR Image Storage"),
            ("1.2.3.4", "of an unknown kind"),
        ],
    )
    def test_other_objects(self, tmp_path: Path, sop_class: str, name: str) -> None:
        found = fault(write_dicom(tmp_path / "a.dcm", [picture()], sop_class=sop_class))
        assert found.code == "E203"
        assert name in found.why

    def test_unlisted_transfer_syntax_says_what_to_convert_to(self, tmp_path: Path) -> None:
        dataset = dicom([picture()], syntax="jpeg2000")
        dataset.file_meta.TransferSyntaxUID = UID("1.2.840.10008.1.2.4.201")
        dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
        found = fault(tmp_path / "a.dcm")
        assert found.code == "E203"
        assert "JPEG 2000 lossless" in found.fix

    @pytest.mark.parametrize(
        "attributes",
        [{"NumberOfFrames": 999_999}, {"NumberOfFrames": 9_000}, {"Rows": 60_000}, {"Rows": 0}],
        ids=str,
    )
    @pytest.mark.parametrize("syntax", ["explicit", "jpegls"])
    def test_lying_header(self, tmp_path: Path, attributes: dict[str, int], syntax: str) -> None:
        path = write_dicom(
            tmp_path / "a.dcm", volume(2), syntax=syntax, enhanced=True, **attributes
        )
        assert fault(path).code in ("E202", "E204", "E207")

    @pytest.mark.parametrize("syntax", ["jpeg", "jpegls", "jpeg2000", "jpeg_lossless", "rle"])
    def test_codestream_of_another_size(self, tmp_path: Path, syntax: str) -> None:
        path = write_dicom(
            tmp_path / "a.dcm", [picture(96, 80)], syntax=syntax, Rows=48, Columns=40
        )
        assert fault(path).code == "E202"

    def test_codestream_that_is_none(self, tmp_path: Path) -> None:
        from pydicom.encaps import encapsulate

        path = write_dicom(
            tmp_path / "a.dcm", [picture()], syntax="jpeg2000", PixelData=encapsulate([b"x" * 99])
        )
        assert "do not start as JPEG" in fault(path).why

    def test_transfer_syntax_of_the_other_sort(self, tmp_path: Path) -> None:
        for written, claimed in (("jpegls", "explicit"), ("explicit", "jpegls")):
            path = write_dicom(tmp_path / "a.dcm", [picture()], syntax=written)
            old, new = SYNTAX[written].encode(), SYNTAX[claimed].encode()
            width = max(len(old), len(new)) + 1
            content = path.read_bytes()
            at = content.index(old)
            assert len(old) <= width
            # Written over in place, so the length of the element must be changed as well.
            padded_old = len(old) + len(old) % 2
            padded_new = new + b"\0" * (len(new) % 2)
            length = struct.pack("<H", len(padded_new))
            spoilt = content[: at - 2] + length + padded_new + content[at + padded_old :]
            path.write_bytes(spoilt)
            assert fault(path).code == "E202"

    @pytest.mark.parametrize("where", ["private", "listed"])
    @pytest.mark.parametrize("defined", [False, True])
    def test_deeply_nested_sequences(self, tmp_path: Path, where: str, defined: bool) -> None:
        """Nesting far beyond Python's stack must end in a named error or be skipped."""
        tag = b"\x11\x00\x01\x10" if where == "private" else b"\x00\x52\x29\x92"
        content = b""
        for _ in range(1500):
            if defined:
                inner = b"\xfe\xff\x00\xe0" + struct.pack("<I", len(content)) + content
                content = tag + b"SQ\0\0" + struct.pack("<I", len(inner)) + inner
            else:
                start = tag + b"SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
                end = b"\xfe\xff\x0d\xe0" + bytes(4) + b"\xfe\xff\xdd\xe0" + bytes(4)
                content = start + content + end
        path = write_dicom(tmp_path / "a.dcm", [picture()])
        whole = path.read_bytes()
        at = whole.index(b"\xe0\x7f\x10\x00")
        path.write_bytes(whole[:at] + content + whole[at:])
        if where == "private" and defined:
            np.testing.assert_array_equal(opened(path).read(0), picture())
        elif where == "private" or not defined:
            assert "nested too deeply" in fault(path).why
        else:
            # Parsed no deeper than the listed attributes need.
            np.testing.assert_array_equal(opened(path).read(0), picture())

    def test_a_header_of_many_items_is_refused(self, tmp_path: Path) -> None:
        dataset = dicom([picture()], enhanced=True)
        dataset.PerFrameFunctionalGroupsSequence = []
        dataset.save_as(tmp_path / "a.dcm", enforce_file_format=True)
        whole = (tmp_path / "a.dcm").read_bytes()
        empty = b"\x00\x52\x30\x92SQ\0\0" + bytes(4)
        at = whole.index(empty)
        items = b"\xfe\xff\x00\xe0" + bytes(4)
        filled = empty[:-4] + struct.pack("<I", 8 * 600_000) + items * 600_000
        (tmp_path / "a.dcm").write_bytes(whole[:at] + filled + whole[at + len(empty) :])
        assert fault(tmp_path / "a.dcm").code == "E202"

    @pytest.mark.parametrize(
        "attributes",
        [
            {"BitsAllocated": 32},
            {"BitsStored": 0},
            {"HighBit": 3},
            {"SamplesPerPixel": 3},
            {"PhotometricInterpretation": "PALETTE COLOR"},
            {"RescaleSlope": 0, "RescaleIntercept": 0},
        ],
        ids=str,
    )
    def test_pixel_kinds_that_cannot_be_used(
        self, tmp_path: Path, attributes: dict[str, Any]
    ) -> None:
        path = write_dicom(tmp_path / "a.dcm", [picture()], **attributes)
        assert fault(path).code in ("E202", "E203")

    def test_burned_in_text_is_a_warning_or_refused(self, tmp_path: Path) -> None:
        path = write_dicom(tmp_path / "a.dcm", [picture()], BurnedInAnnotation="YES")
        found = opened(path)
        assert found.header.burned_in
        assert "BurnedInAnnotation" in found.header.warnings[0]
        assert fault(path, burned_in="refuse").code == "E206"

    @pytest.mark.parametrize(
        "attributes",
        [
            {"ViewPosition": CANARY},
            {"ImageLaterality": CANARY},
            {"PhotometricInterpretation": CANARY},
            {"BurnedInAnnotation": CANARY},
            {"ViewCodeSequence": [item(CodeValue=CANARY, CodeMeaning=CANARY)]},
            {"PatientName": CANARY, "PatientComments": CANARY, "AccessionNumber": CANARY},
        ],
        ids=lambda attributes: next(iter(attributes)),
    )
    def test_no_text_of_the_header_gets_out(
        self, tmp_path: Path, attributes: dict[str, Any]
    ) -> None:
        path = write_dicom(tmp_path / "a.dcm", [picture()], **attributes)
        assert CANARY.encode() in path.read_bytes()
        try:
            found = opened(path)
            text = f"{found.header} {found.faults} {found.where(0)}"
        except TomocalcError as error:
            text = "".join(traceback.format_exception(error))
        assert CANARY not in text

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            (b"0.1\\0.1 ", b"CANARY\\1", "its PixelSpacing is not a number"),
            (UID_ROOT.encode() + b".2", CANARY.encode().ljust(len(UID_ROOT) + 2), ""),
            (b"13.1.3", CANARY.encode(), "of an unknown kind"),
            (b"MONOCHROME2 ", b"CANARY      ", "photometric"),
            (b"CS\x0c\0MONOCHROME2 ", b"LO\x0c\0CANARY      ", "photometric"),
            (b"DS\x08\x000.1\\0.1 ", b"IS\x08\0CANARY  ", "its PixelSpacing is not a number"),
        ],
    )
    def test_no_spoilt_value_gets_out(
        self, tmp_path: Path, old: bytes, new: bytes, words: str
    ) -> None:
        """Library messages quote the value that they choke on; ours and the cause must not."""
        path = write_dicom(tmp_path / "a.dcm", [picture()])
        content = path.read_bytes()
        at = content.rindex(old)
        path.write_bytes(content[:at] + new + content[at + len(old) :])
        text = words
        try:
            text = f"{opened(path).header}"
        except TomocalcError as error:
            text = "".join(traceback.format_exception(error))
            assert words in text
        assert CANARY not in text
