"""Delimited text as spreadsheets, pandas and R write it, and what is given for it by mistake.

Standard library only: sheets are read while the graph of jobs is built.
"""

import codecs
import contextlib
import csv
import re
from collections.abc import Sequence
from pathlib import Path

from tomocalc.errors import TomocalcError, fault
from tomocalc.files import read_content

DATASETS = ("mini_mias", "bcs_dbt", "cbis_ddsm", "inbreast", "victre", "dicom_folder")
"""Keys of ``import`` that name the folder of a data set; its sheets get a folder of that name."""
LINE = "_line"
"""Key of a row's line number in its sheet, the header being line 1."""
NOT_UTF8 = "it is not UTF-8 text", 'save it as "CSV UTF-8", which spreadsheets offer by that name'
"""Why a text of another encoding cannot be read, and what mends it."""
SEPARATOR_LINE = re.compile(r"\"?sep=(.)\"?\s*[,;\t]*\s*", re.IGNORECASE)
NO_TEXT = {
    b"PK\x03\x04": "a workbook (Excel or OpenDocument) or another ZIP archive",
    b"\xd0\xcf\x11\xe0": "a workbook of an old Excel",
    b"PAR1": "a Parquet file",
    b"ARROW1": "a Feather file",
    b"%PDF": "a PDF",
    b"SQLite": "a database",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"MATLAB": "a file of MATLAB",
    b"$FL": "a file of SPSS",
    b"<stata": "a file of Stata",
    b"\x80": "a pickle of Python",
    b"\x1f\x8b": "a compressed file (gzip, or .rds of R)",
    b"{\\rtf": "formatted text (RTF)",
    b"<": "a web page or XML",
    b"{": "JSON",
    b"[": "JSON",
}
"""First bytes of what is given for a sheet and is no text."""
DRAWN = (b"\x89PNG", b"II*\0", b"MM\0*", b"\xff\xd8\xff", b"NRRD0", b"\x5c\x01\0\0", b"Iout")
"""First bytes of pictures, volumes and ROIs of ImageJ."""
INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
"""Marks of no width that copying leaves at the ends of cells."""
DECIMAL_COMMA = re.compile(r"-?\d+,\d+(?:[eE][-+]?\d+)?")
THOUSANDS = re.compile(r"-?[1-9]\d{0,2},\d{3}")
"""Numbers with a comma, and those of them in which it may stand between thousands."""
TOP = 10
"""Lines among which a header must be."""
FEWEST = 3
"""Cells of a line that is no title."""


def split_lines(path: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header, and the lines that hold anything by their number, the header being 1.

    The separator is the tab where the header has one, else its most frequent comma, semicolon or
    bar, or what Excel's own first line ``sep=;`` says. Comments above the header are skipped; row
    names of R, above which the header has no cell, get an empty one.

    Raises
    ------
    TomocalcError
        ``E102``.
    """
    mark, text, skipped = separated(sheet_content(path))
    quotes = csv.QUOTE_NONE if mark == "\t" else csv.QUOTE_MINIMAL
    reader = csv.reader(text.splitlines(), delimiter=mark, quoting=quotes)
    try:
        lines = [
            (reader.line_num + skipped, [bare(cell, quoted=mark == "\t") for cell in cells])
            for cells in reader
            if any(map(str.strip, cells))
        ]
    except csv.Error as error:
        where = f"{path}:{reader.line_num + skipped}"
        raise sheet_error(where, str(error), "mend the line, or save the sheet again") from error
    if not lines:
        raise sheet_error(path, "it is empty", "write a header line and one row per entry")
    number, header = lines[0]
    check_header(f"{path}:{number}", header, lines[1][1] if lines[1:] else [])
    return header, lines[1:]


def check_header(where: str, header: Sequence[str], below: Sequence[str]) -> None:
    """Check that the first line of a table has several columns, and is no title.

    Raises
    ------
    TomocalcError
        ``E102``.
    """
    held = [cell for cell in header if cell]
    if len(held) > 1:
        return
    why = f"its first line holds one cell, `{held[0][:60] if held else ''}`"
    if sum(map(bool, below)) >= FEWEST:
        fix = "delete what is above the header"
        raise sheet_error(where, f"{why}, and the next line several", fix)
    fix = "write a header with the names of the columns, between them tabs, commas or semicolons"
    raise sheet_error(where, why, fix)


def numbers_rows(cells: Sequence[str]) -> bool:
    """Return whether a column holds the row numbers that pandas and R write."""
    return len({*cells}) == len(cells) and all(map(str.isdigit, cells))


def separated(text: str) -> tuple[str, str, int]:
    """Return the separator, the text from its header on, and how many lines are before that.

    Before it are Excel's own first line, blank ones and comments, which are of one cell.
    Above row names of R, which have none, the header gets an empty cell.
    """
    lines = text.splitlines()
    skipped = next((number for number, line in enumerate(lines) if line.strip()), 0)
    declared = SEPARATOR_LINE.fullmatch(lines[skipped].strip()) if lines else None
    skipped += bool(declared)
    top = [line for line in lines[skipped : skipped + TOP] if line.strip()]
    tabbed = next((line for line in top if "\t" in line), "")
    full = tabbed or next((line for line in top if re.search("[,;|]", line)), "")
    mark = "\t" if tabbed else max(",;|", key=full.count)
    if declared and any(declared[1] in line for line in top):
        mark = declared[1]
    while lines[skipped:] and (
        not (line := lines[skipped]).strip(f"{mark} ") or (line[0] == "#" and mark not in line)
    ):
        skipped += 1
    top = [line for line in lines[skipped : skipped + TOP] if line.strip()]
    with contextlib.suppress(csv.Error):
        rows = list(csv.reader(top, delimiter=mark))
        below = [cells for cells in rows[1:] if len(cells) == len(rows[0]) + 1]
        if 1 < len(below) == len(rows) - 1 and numbers_rows([cells[0] for cells in below]):
            lines[skipped] = f"{mark}{lines[skipped]}"
    return mark, "\n".join(lines[skipped:]), skipped


def decoded(content: bytes) -> str:
    """Return text of UTF-8, UTF-16 or UTF-32, with its mark or without."""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return content.decode("utf-32")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    if content[1:2] == b"\0" or content[:1] == b"\0":  # the mark is missing
        return content.decode("utf-16-le" if content[1:2] == b"\0" else "utf-16-be")
    return content.decode("utf-8-sig")


def bare(cell: str, *, quoted: bool) -> str:
    """Return a cell without blanks and invisible marks at its ends.

    Parameters
    ----------
    quoted
        Whether it may stand in the quotes that Excel puts around some of a tab-separated sheet.
    """
    cell = cell.strip().strip(INVISIBLE).strip()
    whole = quoted and len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"').strip() if whole else cell


def sheet_content(path: str) -> str:
    """Read a sheet as text: UTF-8, or the UTF-16 of Excel's "Unicode text".

    Raises
    ------
    TomocalcError
        ``E102`` when it is missing, a workbook, or of another encoding.
    """
    try:
        content = read_content(path)
    except OSError as error:
        fix = "give the path of a TSV or CSV file; it starts from the working directory"
        made = Path(path).parent
        imported = made.parent.name == "resources" and made.name in DATASETS
        if imported and not (made / "volumes.tsv").exists():
            how = f"{made}/volumes.tsv --config import='{{{made.name}: FOLDER}}'"
            fix = f"import the data set first, without --configfile: snakemake --cores 1 {how}"
        raise sheet_error(path, error.strerror or type(error).__name__, fix) from error
    rois = content.startswith(b"PK") and b".roi" in content[:256]
    if rois or content.startswith(DRAWN) or content[128:132] == b"DICM":
        fix = "write a sheet with a line for each finding, which names a picture in its column mask"
        raise sheet_error(path, "it is a picture or an outline, no table of text", fix)
    for start, what in NO_TEXT.items():
        if content.startswith(start):
            fix = "write what it holds as CSV, a line for each entry, with the columns of the guide"
            fix = fix if start in (b"<", b"{", b"[") else 'export it as "CSV UTF-8"'
            raise sheet_error(path, f"it is {what}, no table of text", fix)
    try:
        text = decoded(content)
    except UnicodeDecodeError as error:
        raise sheet_error(path, *NOT_UTF8) from error
    if "\0" in text:
        raise sheet_error(path, "it holds NUL bytes, as no text does", 'export it as "CSV UTF-8"')
    return text


def table_error(where: str, why: str, fix: str) -> TomocalcError:
    """Return why a table of candidates cannot be used."""
    return fault("table_unusable", where, why, fix)


def sheet_error(path: str, why: str, fix: str) -> TomocalcError:
    """Return what is wrong with a sheet as a whole."""
    return fault("sheet_unusable", path, why, fix)
