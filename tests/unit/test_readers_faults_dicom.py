"""Spoilt DICOM files: headers, frames, and what is no image of a breast."""

import struct
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import UID

from support.image_files import SYNTAX, UID_ROOT, dicom, item, picture, volume, write_dicom
from support.image_volumes import IMAGE, SHEET
from support.opening import cut, fault
from support.opening import opened_spaced as opened
from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError
from tomocalc.readers.opening import open_row

CANARY = "CANARY"


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


def test_an_empty_file_among_dicom_slices(tmp_path: Path) -> None:
    for index in range(3):
        write_dicom(tmp_path / f"{index}.dcm", [picture()], InstanceNumber=index)
    (tmp_path / "1.dcm").write_bytes(b"")
    assert [(index, error.code) for index, error in opened(tmp_path).faults.items()] == [
        (1, "E201")
    ]


def test_no_pixel_data(tmp_path: Path) -> None:
    found = fault(write_dicom(tmp_path / "a.dcm", [picture()], PixelData=None))
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
def test_other_objects(tmp_path: Path, sop_class: str, name: str) -> None:
    found = fault(write_dicom(tmp_path / "a.dcm", [picture()], sop_class=sop_class))
    assert found.code == "E203"
    assert name in found.why


def test_unlisted_transfer_syntax_says_what_to_convert_to(tmp_path: Path) -> None:
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
def test_lying_header(tmp_path: Path, attributes: dict[str, int], syntax: str) -> None:
    path = write_dicom(tmp_path / "a.dcm", volume(2), syntax=syntax, enhanced=True, **attributes)
    assert fault(path).code in ("E202", "E204", "E207")


@pytest.mark.parametrize("syntax", ["jpeg", "jpegls", "jpeg2000", "jpeg_lossless", "rle"])
def test_codestream_of_another_size(tmp_path: Path, syntax: str) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture(96, 80)], syntax=syntax, Rows=48, Columns=40)
    assert fault(path).code == "E202"


def test_codestream_that_is_none(tmp_path: Path) -> None:
    from pydicom.encaps import encapsulate

    path = write_dicom(
        tmp_path / "a.dcm", [picture()], syntax="jpeg2000", PixelData=encapsulate([b"x" * 99])
    )
    assert "do not start as JPEG" in fault(path).why


def test_transfer_syntax_of_the_other_sort(tmp_path: Path) -> None:
    for written, claimed in (("jpegls", "explicit"), ("explicit", "jpegls")):
        path = write_dicom(tmp_path / "a.dcm", [picture()], syntax=written)
        old, new = SYNTAX[written].encode(), SYNTAX[claimed].encode()
        content = path.read_bytes()
        at = content.index(old)
        # Written over in place, so the length of the element must be changed as well.
        padded_old = len(old) + len(old) % 2
        padded_new = new + b"\0" * (len(new) % 2)
        length = struct.pack("<H", len(padded_new))
        spoilt = content[: at - 2] + length + padded_new + content[at + padded_old :]
        path.write_bytes(spoilt)
        assert fault(path).code == "E202"


@pytest.mark.parametrize("where", ["private", "listed"])
@pytest.mark.parametrize("defined", [False, True])
def test_deeply_nested_sequences(tmp_path: Path, where: str, defined: bool) -> None:
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
    if defined:  # parsed no deeper than the listed attributes need
        np.testing.assert_array_equal(opened(path).read(0), picture())
    else:
        assert "nested too deeply" in fault(path).why


def test_a_header_of_many_items_is_refused(tmp_path: Path) -> None:
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
        {"BitsAllocated": 12, "BitsStored": 8},
        {"BitsStored": 0},
        {"HighBit": 3},
        {"SamplesPerPixel": 3},
        {"PhotometricInterpretation": "PALETTE COLOR"},
        {"RescaleSlope": 0, "RescaleIntercept": 0},
    ],
    ids=str,
)
def test_pixel_kinds_that_cannot_be_used(tmp_path: Path, attributes: dict[str, Any]) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture()], **attributes)
    assert fault(path).code in ("E202", "E203")


def test_burned_in_text_is_a_doubt_that_can_be_refused(tmp_path: Path) -> None:
    path = write_dicom(tmp_path / "a.dcm", [picture()], BurnedInAnnotation="YES")
    assert opened(path).header.doubts == (Doubt(code="burned_in"),)
    row = {**SHEET, "laterality": None}
    with pytest.raises(TomocalcError, match=r"E209.*burned_in.*text is burned into the pixels"):
        open_row(path, row, {**IMAGE, "doubts": "fail"})
    open_row(path, row, {**IMAGE, "doubts": "fail", "allowed_doubts": ["burned_in"]})


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
def test_no_text_of_the_header_gets_out(tmp_path: Path, attributes: dict[str, Any]) -> None:
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
        (b"0.1\\0.1 ", b"CANARY\\1", "PixelSpacing is not a number. Fix: copy the file again, or"),
        (UID_ROOT.encode() + b".2", CANARY.encode().ljust(len(UID_ROOT) + 2), ""),
        (b"13.1.3", CANARY.encode(), "of an unknown kind"),
        (b"MONOCHROME2 ", b"CANARY      ", "photometric"),
        (b"CS\x0c\0MONOCHROME2 ", b"LO\x0c\0CANARY      ", "photometric"),
        (b"DS\x08\x000.1\\0.1 ", b"IS\x08\0CANARY  ", "its PixelSpacing is not a number"),
    ],
)
def test_no_spoilt_value_gets_out(tmp_path: Path, old: bytes, new: bytes, words: str) -> None:
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
