"""Every difference between two folders of results: make compare BEFORE=folder AFTER=folder.

What a reader uses is compared, and not how it is stored: cells of tables, values of accounts,
arrays of weights, the pixels of pictures, and the text and the drawn figures of pages. Numbers
may differ by 1e-12 of their size.
"""

import csv
import difflib
import json
import math
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from PIL import Image
from safetensors.numpy import load_file

TOLERANCE = 1e-12
SHOWN = 5
"""Differences of one file that are named; the others are counted."""
NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
UNUSED = {".snakemake_timestamp"}


def differences(before: Path, after: Path) -> Iterator[str]:
    """Yield a line per difference, ``file: place: before → after``, sorted by file."""
    old, new = _files(before), _files(after)
    for name in sorted(old | new):
        if name not in new:
            yield f"{name}: only before"
        elif name not in old:
            yield f"{name}: only after"
        elif (before / name).read_bytes() != (after / name).read_bytes():
            found = list(_inside(before / name, after / name))
            yield from (f"{name}: {one}" for one in found[:SHOWN])
            if len(found) > SHOWN:
                yield f"{name}: and {len(found) - SHOWN} more"


def _files(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.name not in UNUSED
    }


def _inside(before: Path, after: Path) -> Iterator[str]:
    """Yield the differences of two files whose bytes differ."""
    match before.suffix:
        case ".json":
            yield from _values("", json.loads(before.read_text()), json.loads(after.read_text()))
        case ".parquet":
            yield from _tables(pl.read_parquet(before), pl.read_parquet(after))
        case ".tsv" | ".csv":
            yield from _values("", _rows(before), _rows(after))
        case ".safetensors":
            yield from _arrays(load_file(before), load_file(after))
        case ".png":
            yield from _arrays({"pixels": _pixels(before)}, {"pixels": _pixels(after)})
        case ".html":
            yield from _lines(_page(before), _page(after))
        case ".md":
            yield from _lines(before.read_text().splitlines(), after.read_text().splitlines())
        case _:
            yield "other bytes"


def _pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.reader(file, delimiter="\t" if path.suffix == ".tsv" else ","))


def _values(place: str, old: Any, new: Any) -> Iterator[str]:
    """Yield the differences of two trees of mappings, lists and plain values."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            inner = f"{place}.{key}" if place else str(key)
            if key not in new or key not in old:
                yield f"{inner}: only {'before' if key in old else 'after'}"
            else:
                yield from _values(inner, old[key], new[key])
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{place}: {len(old)} → {len(new)} entries"
        for index, pair in enumerate(zip(old, new, strict=False)):
            yield from _values(f"{place}[{index}]", *pair)
    elif not _same(old, new):
        yield f"{place}: {old!r} → {new!r}"


def _same(old: Any, new: Any) -> bool:
    if old == new and type(old) is type(new):
        return True
    if isinstance(old, str) and isinstance(new, str):  # 001 and 1 may be two patients
        if not (NUMBER.fullmatch(old) and NUMBER.fullmatch(new) and "." in old):
            return False
        old, new = float(old.replace("−", "-")), float(new.replace("−", "-"))
    numbers = all(isinstance(it, (int, float)) and not isinstance(it, bool) for it in (old, new))
    return numbers and math.isclose(float(old), float(new), rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _tables(old: pl.DataFrame, new: pl.DataFrame) -> Iterator[str]:
    yield from _values("column", dict(old.schema), dict(new.schema))
    if old.height != new.height:
        yield f"{old.height} → {new.height} rows"
        return
    for name in [name for name in old.columns if name in new.columns]:
        before, after = old[name], new[name]
        if before.equals(after):
            continue
        pairs = zip(before.to_list(), after.to_list(), strict=True)
        yield from (f"{name}, row {row}: {a!r} → {b!r}" for row, (a, b) in _unequal(pairs))


def _unequal(pairs: Iterator[tuple[Any, Any]]) -> Iterator[tuple[int, tuple[Any, Any]]]:
    for row, (old, new) in enumerate(pairs):
        unknown = isinstance(old, float) and isinstance(new, float) and old != old and new != new
        if not unknown and next(_values("", old, new), None) is not None:
            yield row, (old, new)


def _arrays(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name in sorted(old | new):
        if name not in old or name not in new:
            yield f"{name}: only {'before' if name in old else 'after'}"
        elif old[name].shape != new[name].shape:
            yield f"{name}: shape {old[name].shape} → {new[name].shape}"
        elif not np.allclose(old[name], new[name], rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
            apart = np.abs(old[name].astype(float) - new[name].astype(float)).max()
            yield f"{name}: differs by up to {apart:.3g}"


def _lines(old: list[str], new: list[str]) -> Iterator[str]:
    """Yield what was taken away and what was added; equal numbers may be written otherwise."""
    for move, first, last, start, end in difflib.SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        if move != "equal":
            for a, b in zip_longest(old[first:last], new[start:end], fillvalue=""):
                if not _same_line(a, b):
                    yield f"{a!r} → {b!r}"


def _same_line(old: str, new: str) -> bool:
    numbers = zip_longest(NUMBER.findall(old), NUMBER.findall(new))
    return NUMBER.sub("#", old) == NUMBER.sub("#", new) and all(_same(*pair) for pair in numbers)


class _Text(HTMLParser):
    """The lines of a page as they are read, and the shapes of its charts."""

    DRAWN = ("d", "points", "x", "y", "width", "height", "cx", "cy", "href", "src", "alt")

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep what is drawn, linked or described."""
        if tag in ("style", "script"):
            self.inside.append(tag)
        shown = [f"{name}={value}" for name, value in attrs if name in self.DRAWN]
        if shown:
            self.lines.append(f"<{tag} {' '.join(shown)}>")

    def handle_endtag(self, tag: str) -> None:
        """Leave a style or script."""
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        """Keep text."""
        text = " ".join(data.split())
        if text and not self.inside:
            self.lines.append(text)


def _page(path: Path) -> list[str]:
    parser = _Text()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.lines


def main(before: str, after: str) -> int:
    """Print every difference; 1 where there is one."""
    for folder in (before, after):
        if not Path(folder).is_dir():
            print(f"ERROR: no folder of results: {folder}", file=sys.stderr)
            return 2
    found = list(differences(Path(before), Path(after)))
    print(*found, sep="\n", end="\n" if found else "")
    print(f"{len({line.partition(':')[0] for line in found})} files differ")
    return int(bool(found))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: compare_results.py BEFORE AFTER, two folders of results")
    sys.exit(main(*sys.argv[1:]))
