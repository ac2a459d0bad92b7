"""The figures, verdicts and warnings that the pages of one run share, read from the pages."""

import re
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import pairwise, repeat
from pathlib import Path
from typing import NamedTuple

from tomocalc.comparison.catalogue import NAMES
from tomocalc.pages.index import SAID
from tomocalc.pages.merits import MEANINGS, in_a_sentence, merit_name
from tomocalc.pages.words import PROTOCOL_NAMES, RULINGS

PAGES = {
    "index": "index.html",
    "card": "model_card.html",
    "evaluation": "evaluation/report.html",
    "comparison": "comparison/comparison.html",
    "audit": "audit/leakage.html",
    "paper": "reproduction.html",
}
FIGURES = {written: key for key in MEANINGS for written in (merit_name(key), in_a_sentence(key))}
FIGURES |= {"AP": "average_precision", "Sensitivity": "recall"}
MODELS = {name: key for key, name in NAMES.items()}
MODELS |= {f"{said[0].upper()}{said[1:]}": key for key, said in SAID.items()}
PROTOCOLS = {name.capitalize(): key for key, name in PROTOCOL_NAMES.items()}
PROTOCOLS |= {"honest": "honest", "paper": "paper", "paper's": "paper", "your own split": "own"}
NUMBER = re.compile(r"[<>]?\s?[−+]?\d[\d,]*(?:\.\d+)?(?:e−?\d+)?")
VERDICT = "verdict"
SAID_OF_TEST = {
    r"([\d,]+) calcifications among ([\d,]+) rows of (\d+)": "calcifications rows patients",
    r"Test part: ([\d,]+) rows, ([\d,]+) cal\w+, (\d+)": "rows calcifications patients",
    r"^On ([\d,]+) rows of (\d+) patients": "rows patients",
    r"probability of ([\d.]+) o": "threshold",
    r"(?:overlooks [\d,]+ of |^)([\d,]+) annotated calcifications": "findings",
}
"""What pages say of the test part of their own protocol, and what its numbers are."""

Key = tuple[str, ...]
"""What is told: figure, model and protocol; a level of cases; or the verdict of a protocol."""


class Told(NamedTuple):
    """One account of a fact: the page, and its value with the ends of its interval, or a word."""

    page: str
    words: tuple[str, ...]


class _Reader(HTMLParser):
    """Keeps the tables by caption, the key numbers and every piece of running text of a page."""

    BREAKS = frozenset({"p", "li", "td", "th", "caption", "dt", "dd", "h3", "div", "tr", "tbody"})

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[tuple[str, str]] = []
        self.ruling = False
        self.text, self.skipped = "", 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "svg"):
            self.skipped += 1
        if tag in self.BREAKS:
            self._end("text")
            self.ruling = ("class", "ruling") in attrs
        if tag == "table":
            self.blocks.append(("table", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "svg"):
            self.skipped -= 1
        if tag in self.BREAKS:
            self._end(tag)
        if tag == "table":
            self.blocks.append(("end", ""))

    def handle_data(self, data: str) -> None:
        self.text += "" if self.skipped else data

    def _end(self, tag: str) -> None:
        text = " ".join(self.text.split())
        if text or tag in ("td", "th", "tr"):
            self.blocks.append(("ruling" if self.ruling else tag, text))
        self.text = ""


class Page:
    """What stands on one page."""

    def __init__(self, name: str, path: Path) -> None:
        reader = _Reader()
        reader.feed(path.read_text(encoding="utf-8"))
        self.name, self.blocks = name, reader.blocks
        self.tables = dict(_tables(reader.blocks))

    def told(self, key: Key, text: str) -> Iterator[tuple[Key, Told]]:
        """Yield one account, unless there is no number in *text*."""
        if numbers := tuple(one.replace(" ", "") for one in NUMBER.findall(text)):
            yield key, Told(self.name, numbers)

    def rows(self, caption: str) -> Iterator[dict[str, str]]:
        """Yield the rows of tables whose caption begins with *caption*, cells by header."""
        for name, (header, *rows) in self.tables.items():
            if name.startswith(caption):
                yield from (dict(zip(header, row, strict=True)) for row in rows)


def _tables(blocks: list[tuple[str, str]]) -> Iterator[tuple[str, list[list[str]]]]:
    caption, rows, inside = "", [[]], False
    for tag, text in blocks:
        if tag == "table":
            caption, rows, inside = "", [[]], True
        elif tag == "end" and inside:
            yield caption, [row for row in rows if row]
            inside = False
        elif tag == "caption":
            caption = text
        elif tag == "tr":
            rows.append([])
        elif tag in ("th", "td"):
            rows[-1].append(text)


def accounts(results: Path, *, released: str, protocol: str) -> dict[Key, list[Told]]:
    """Return every shared fact of a finished run, with the accounts that its pages give of it.

    Parameters
    ----------
    released, protocol
        The model that the run releases, and its own protocol.
    """
    found: defaultdict[Key, list[Told]] = defaultdict(list)
    for name, address in PAGES.items():
        if (results / address).exists():
            page = Page(name, results / address)
            readers = (_cards, _figure_tables, _levels, _compared, _gaps, _verdicts, _warnings)
            for read in (*readers, _counts):
                for key, told in read(page, released, protocol):
                    found[key].append(told)
    return dict(found)


def contradictions(found: dict[Key, list[Told]]) -> list[str]:
    """Return one line per two accounts of a fact that differ in a value, an end or a word.

    An account that gives the value alone is compared in the value alone.
    """
    lines = []
    for key, told in found.items():
        first = max(told, key=lambda one: len(one.words))
        lines += [
            f"{', '.join(key)}: {first.page} {first.words}, {one.page} {one.words}"
            for one in told
            if one.words != first.words[: len(one.words)]
        ]
    return lines


def shared(found: dict[Key, list[Told]]) -> dict[Key, set[str]]:
    """Return the pages of every fact that more than one page tells."""
    pages = {key: {one.page for one in told} for key, told in found.items()}
    return {key: names for key, names in pages.items() if len(names) > 1}


Facts = Iterator[tuple[Key, Told]]


def _cards(page: Page, released: str, protocol: str) -> Facts:
    """Yield key numbers: ``AUROC 0.990 0.980 to 0.995``; of the sides of the index by protocol."""
    side = ""
    for place, (tag, text) in enumerate(page.blocks):
        label, _, number = text.partition(" ")
        if tag == "h3":
            side = next((key for name, key in PROTOCOLS.items() if text.startswith(name)), "")
            word = next((one for one in RULINGS.values() if text.endswith(one.word)), None)
            if side and word:
                yield (VERDICT, side), Told(page.name, (word.word,))
        elif tag == "dd" and side:
            name = FIGURES[page.blocks[place - 1][1]]
            yield from page.told((name, released, side), text)
        elif tag == "li":
            label = next((one for one in FIGURES if text.startswith(f"{one} ")), None)
            number = text.removeprefix(f"{label} ")
            if label and re.match(r"[<>\d]", number):
                yield from page.told((FIGURES[label], released, protocol), number)


def _figure_tables(page: Page, released: str, protocol: str) -> Facts:
    """Yield the rows of a table of all figures of the released model, or of the paper's page."""
    for row in page.rows("Figures of merit"):
        if "Test" in row:
            text = f"{row['Test']} {row['From']} {row['To']}"
            yield from page.told((FIGURES[row["Figure"]], released, protocol), text)
    for row in page.rows("Every figure of the candidates"):
        yield from page.told((FIGURES[row["Figure"]], released, protocol), row["Value"])
    for row in page.rows("The same network without the leak"):
        key = (FIGURES[row["Honest split"]], "lstm", "honest")
        yield from page.told(key, row["Value and interval"])


def _levels(page: Page, released: str, protocol: str) -> Facts:
    """Yield the figures of every level of cases; the lowest is that of the candidates."""
    captions = ("From the single candidate", "Every level")
    for row in (one for caption in captions for one in page.rows(caption)):
        for name, text in row.items():
            key = (name, row["Level"])
            if row["Level"] == "Candidate" and name in ("AUROC", "Sensitivity", "Specificity"):
                key = (FIGURES[name], released, protocol)
            yield from page.told(key, text) if name != "Level" else ()
    names = {"AUROC": "AUROC", "Recall (sensitivity)": "Sensitivity", "Specificity": "Specificity"}
    for row in page.rows("Figures per "):
        for unit in ("Volume", "Patient"):
            if row["Figure"] in names:
                key = (names[row["Figure"]], unit)
                yield from page.told(key, row.get(f"Per {unit.lower()}", ""))


def _compared(page: Page, released: str, protocol: str) -> Facts:
    """Yield the figures of every model under every protocol."""
    for row in page.rows("Every classifier under every protocol"):
        for head, text in row.items():
            name, _, side = head.rpartition(" ")
            if name in FIGURES and side in PROTOCOLS:
                key = (FIGURES[name], MODELS[row["Classifier"]], PROTOCOLS[side])
                yield from page.told(key, text)
    for caption, head in (("The same with intervals", "Classifier"), ("Every model", "Model")):
        for row in page.rows(caption):
            for name in FIGURES.keys() & row.keys():
                key = (FIGURES[name], MODELS[row[head]], PROTOCOLS[row["Protocol"]])
                yield from page.told(key, row[name])
    for name in ("Average precision", "AUROC"):
        header, *rows = page.tables.get(f"{name} of every model", [[]])
        for model, *cells in rows:
            for place in range(0, len(cells), 3):  # value, from, to under each protocol
                key = (FIGURES[name], MODELS[model], PROTOCOLS[header[1 + place]])
                yield from page.told(key, " ".join(cells[place : place + 3]))


def _gaps(page: Page, released: str, protocol: str) -> Facts:
    """Yield the figures of both protocols beside each other, and their gap."""
    for row in page.rows("Gap of every model and figure, paper's protocol"):
        name, model = FIGURES[row["Figure"]], MODELS[row["Model"]]
        yield from page.told((name, model, "paper"), row["Paper's protocol, as it is"])
        yield from page.told((name, model, "honest"), row["Honest"])
        yield from page.told(("gap", name, model), row["Gap"])
    for _, text in page.blocks:
        _, _, models = text.partition("adds this to the average precision: ")
        for gap, said in re.findall(r"(\S+ \([^)]*\)) for the ([^,]+)", models):
            key = ("gap", "average_precision", MODELS[said[0].upper() + said[1:]])
            yield from page.told(key, gap)


def _verdicts(page: Page, released: str, protocol: str) -> Facts:
    """Yield the words of rulings: ``Clean: …`` of the run, ``Paper's protocol: leaks; …``."""
    words = {ruling.word for ruling in RULINGS.values()}
    for text in (text for tag, text in page.blocks if tag == "ruling"):
        name, _, rest = text.partition(": ")
        word, side = (
            (rest.partition("; ")[0], PROTOCOLS[name])
            if name in PROTOCOLS
            else (name.lower(), protocol)
        )
        if name in PROTOCOLS or word in words:
            yield (VERDICT, side), Told(page.name, (word,))


def _warnings(page: Page, released: str, protocol: str) -> Facts:
    """Yield the patients that the warning of few candidates counts, and how often it stands."""
    warned = [text for tag, text in page.blocks if "hold the rarer class of candidates" in text]
    warned = [re.findall(r"Few cases: (\d+) ", text)[0] for text in warned]
    if page.name in ("index", "card", "evaluation"):
        yield ("warned", "times"), Told(page.name, (str(len(warned)),))
    for count in warned:
        yield ("warned", "groups"), Told(page.name, (count,))


def _counts(page: Page, released: str, protocol: str) -> Facts:
    """Yield the size of test parts, the threshold, and the findings of the test part."""
    for (_, name), (tag, text) in pairwise(page.blocks):
        side = name.partition("Test rows, ")[2]
        found = [("rows", side, text.split(", ")[0])] if tag == "dd" and side in PROTOCOLS else []
        for pattern, names in SAID_OF_TEST.items():
            for one in re.finditer(pattern, text):
                found += zip(names.split(), repeat(protocol), one.groups(), strict=False)
        for what, whose, number in found:
            yield from page.told(("test part", what, PROTOCOLS.get(whose, whose)), number)
    for row in page.rows("From the single candidate"):
        if row["Level"] == "Calcification":
            yield from page.told(("test part", "findings", protocol), row["Cases"])
