"""Sheets as spreadsheets, pandas and R write them, and what is no sheet."""

import re
from pathlib import Path

import pytest

from support.sheets import HEADER, VOLUMES, fault, read_volumes, sheet_writer


@pytest.fixture
def sheet(tmp_path):
    return sheet_writer(tmp_path)


def test_an_empty_sheet_says_so(sheet, tmp_path):
    assert "has no rows" in fault(sheet())
    (tmp_path / "empty.tsv").touch()
    (tmp_path / "huge.tsv").write_text(f"{HEADER}\n{'x' * 200_000}\n")
    assert "huge.tsv:2" in fault(str(tmp_path / "huge.tsv"))
    assert "it is empty" in fault(str(tmp_path / "empty.tsv"))
    for own in ("absent.tsv", "victre/volumes.tsv"):
        assert "No such file or directory. Fix: give" in fault(str(tmp_path / own))
    assert "import='{victre: FOLDER}'" in fault(str(tmp_path / "resources/victre/volumes.tsv"))


def test_a_sheet_of_another_encoding_names_the_remedy(sheet):
    path = sheet("v\tp\tL\tCC\tMädchen.png", encoding="cp1252")
    assert 'it is not UTF-8 text. Fix: save it as "CSV UTF-8"' in fault(path)


DIALECTS = {
    "the Unicode text of Excel": lambda text: text.encode("utf-16"),
    "commas": lambda text: text.replace("\t", ",").encode(),
    "semicolons": lambda text: text.replace("\t", ";").encode(),
    "the first line of Excel": lambda text: f"sep=;\n{text}".replace("\t", ";").encode(),
    "capitals": lambda text: text.replace(
        "volume_id\tpatient_id", " Volume ID\tPatient-Id"
    ).encode(),
    "empty columns and lines": lambda text: text.replace("\n", "\t\t\n").encode() + b"\t\t\t\n\n",
    "the index of pandas": lambda text: numbered(text, "").encode(),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "an index of that name": lambda text: numbered(text, "index").encode(),
    "its index, named": lambda text: numbered(text, "Unnamed: 0").encode(),
    "the row names of R, quoted": lambda text: quoted(numbered(text, "")).encode(),
    "quotes around tabbed cells": lambda text: (
        '"' + text.replace("\t", '"\t"').replace("\n", '"\n"')[:-1].encode().decode()
    ),
    "row names of R below no name": lambda text: numbered(text, "")[1:].encode(),
    "comments above": lambda text: f"# made in 2026\n#\n{text}".encode(),
    "a first line that is untrue": lambda text: f"sep=;\n{text}".encode(),
    "DICOM's own names": lambda text: text.replace("patient_id", "PatientID").encode("utf-32"),
    "marks of no width": lambda text: text.replace("\tp\t", "\t\u200bp\u200b\t").encode(),
    "cells left out at the end": lambda text: re.sub("\t\t\n", "\n", text).encode(),
}


def numbered(text, name):
    head, *lines = text.splitlines()
    return "\n".join([f"{name}\t{head}", *(f"{n}\t{line}" for n, line in enumerate(lines))]) + "\n"


def quoted(text):
    return "".join(
        ",".join(f'"{cell}"' for cell in line.split("\t")) + "\n" for line in text.splitlines()
    )


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_sheet_is_read_in_every_dialect(sheet, dialect):
    header = f"{HEADER}\tpixel_spacing_mm\tsite"
    plain = Path(sheet("a\tp\tL\tCC\tIMAGE\t0.1\tNA", "b\tp\tr\tMLO\tIMAGE\t\t", header=header))
    written = DIALECTS[dialect](plain.read_text())
    plain.write_bytes(written if isinstance(written, bytes) else written.encode())
    rows = read_volumes(str(plain), VOLUMES)
    assert [(row["volume_id"], row["patient_id"], row["laterality"]) for row in rows] == [
        ("a", "p", "L"),
        ("b", "p", "R"),
    ]
    assert [row["pixel_spacing_mm"] for row in rows] == [0.1, None]
    assert [row["site"] for row in rows] == [None, None]


def test_a_column_without_a_name_but_with_cells_is_refused(sheet):
    text = fault(sheet("left\tv\tp\tL\tCC\tIMAGE", header=f"\t{HEADER}"))
    assert "column 1 has no name of its own, and `left` in it" in text


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"PK\x03\x04...", "it is a workbook (Excel or OpenDocument) or another ZIP"),
        (b"ARROW1\0\0", "it is a Feather file"),
        (b"<stata_dta>", "it is a file of Stata"),
        (b"[{", "it is JSON, no table of text"),
        (b"MATLAB 5.0 MAT-file\0", "it is a file of MATLAB"),
        (b"\x1f\x8b\x08", "it is a compressed file (gzip, or .rds of R)"),
        (b"r\x02\x01\x00\x00text", "it holds NUL bytes, as no text does"),
        (b"Iout\0", "it is a picture or an outline"),
        (b"PK\x03\x04" + bytes(26) + b"0001.roi", "it is a picture or an outline"),
    ],
)
def test_what_is_no_text_is_named(tmp_path, content, what):
    (tmp_path / "v.csv").write_bytes(content)
    text = fault(str(tmp_path / "v.csv"))
    assert what in text
    fixes = {"outline": "which names a picture in its column mask", "JSON": "write what it holds"}
    assert next((fixes[word] for word in fixes if word in what), 'export it as "CSV UTF-8"') in text


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("My study\t\t", HEADER, "v\tp\tL\tCC\tIMAGE"), "`My study`, and the next line several"),
        (("a\tb", HEADER, "v\tp\tL\tCC\tIMAGE"), "its header stands on line 2"),
        ((HEADER, "v\tp\tL\tCC\tIMAGE", HEADER), "tsv:3): it repeats the header. Fix: delete"),
        ((HEADER.replace("\t", " "), "v p L CC IMAGE"), "between them tabs, commas or semicolons"),
        ((f"{HEADER}\tnote", "v\tp\tL\tCC\tIMAGE\t?"), "`note`. Fix: delete it, or rename"),
    ],
)
def test_lines_that_are_no_rows_are_named(sheet, lines, said):
    head, *rows = lines
    assert said in fault(sheet(*rows, header=head))
