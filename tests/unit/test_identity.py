"""When two spellings are one patient, and which words name nobody."""

import pytest

from tomocalc.identity import (
    is_empty,
    names_nobody,
    patient_keys,
    patients_of_studies,
    two_spellings,
)

SAME = [
    ("P1", "p1"),
    ("P1", "P01"),
    ("P1", "P-1"),
    ("P1", "P_001"),
    ("P 1", " P1 "),
    ("12", "12.0"),
    ("12", "012.00"),
    ("12", "12,0"),
    ("12345678", "1.2345678e+07"),
    ("A-7", "a.007"),
    ("1-11", "1_11"),
    ("1/11", "01-11"),
    ("P1", "\uff30\uff11"),  # full width
    ("Müller-1", "Mu\u0308ller 1"),  # composed, and letter with mark
    ("P1", "P1\u200b"),  # zero width space
    ("P1", "\ufeffP1"),
    ("P\u00a01", "P1"),  # a blank that does not break
    ("12345", "0012345^^^HOSP"),
    ("P\u20101", "P-1"),  # the hyphen of word processors
    ("P10", "P1O"),  # a letter
    ("2103", "2l03"),
    ("PO1", "P01"),
    ("PO1", "P1"),
    ("Pl1", "PI1"),
    ("P-O1", "P-01"),
    ("\u0420\u041e1", "P01"),  # Cyrillic
    ("\u03a11", "P1"),  # Greek
    ("\u04c01", "I1"),  # palochka
    ("\u00e91", "e1"),  # an accent that an export has lost
    ("\u00d81", "O1"),
    ("P\u31641", "P1"),  # a letter that shows nothing
    ("1,234", "1234"),
    ("N\u00b012", "12"),
]
DIFFERENT = [
    ("1", "10"),
    ("P1", "P10"),
    ("P1", "P1A"),
    ("P1", "Q1"),
    ("1-11", "11-1"),
    ("A1-2", "A12"),
    ("12.1", "12"),
    ("12.10", "12.1"),
    ("1.2.840.0", "1.2.840"),  # no number
    ("101", "11"),
    ("P100", "P1"),
    ("0", ""),
    ("a0b", "ab"),
    ("1e3", "1000"),
    ("P11", "P1L"),
    ("L1", "I1"),
    ("MI-1", "M-11"),
    ("IL1", "LI1"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_one_patient_in_two_spellings(one: str, two: str) -> None:
    assert [found.name for found in two_spellings([(one, 1), (two, 2)], beside=False)] == [two]
    assert set(patient_keys(one)) & set(patient_keys(two))


@pytest.mark.parametrize(("one", "two"), DIFFERENT)
def test_two_patients(one: str, two: str) -> None:
    assert not list(two_spellings([(one, 1), (two, 2)], beside=False))


def test_words_that_name_nobody() -> None:
    nobody = [
        "NA",
        "n/a",
        "N.A.",
        "nan",
        "None",
        "null",
        "unknown",
        "-",
        "--",
        "?",
        "??",
        ".",
        "anonymous",
        "REMOVED",
        "XXXX",
        "Unbekannt",
    ]
    nobody += ["", " ", "not available", "Anonymous Patient", "de-identified", "<NA>"]
    assert [name for name in nobody if not names_nobody(name)] == []
    somebody = ["NA12", "P1", "0", "anonymous-7", "unknown1", "X", "XX1", "Nina", "none-of-us"]
    assert [name for name in somebody if names_nobody(name)] == []
    assert not is_empty("unknown")  # a site may be


def test_powers_of_ten_are_numbers_unless_names_are_hexadecimal() -> None:
    (found,) = two_spellings([("1", 2), ("1E0", 3), ("2e3", 4)])
    assert (found.line, found.why) == (3, "`1E0` differs from `1` on line 2 in spelling alone")
    assert not list(two_spellings([("1", 2), ("1e0", 3), ("1af", 4)]))


def test_a_small_l_is_a_side_where_others_end_in_r() -> None:
    (found,) = two_spellings([("P11", 2), ("P1l", 3)])
    assert "`P1l` differs from `P11` on line 2 in letters that look alike" in found.why
    names = [again.known for again in two_spellings([("P11", 2), ("P1l", 3), ("P1r", 4)])]
    assert names == ["P1l"]


def test_one_examination_is_one_patient_s() -> None:
    rows = [
        ("v1", "P1", "s"),
        ("v2", "P2", "s"),
        ("v3", "P1", "t"),
        ("v4", "P9", ""),
        ("v5", "P8", ""),
    ]
    (fault,) = patients_of_studies(rows)
    assert "volumes v1, v2" in str(fault)
    assert "2 patients" in str(fault)
    assert "P1" not in str(fault)
    assert list(patients_of_studies(rows[2:])) == []
