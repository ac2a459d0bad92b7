"""What every result is, in one plain sentence, and the navigation over the pages of a run."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from tomocalc.files import sheet_rows


@dataclass(frozen=True)
class Entry:
    """One result, a row of ``catalogue.tsv``.

    Attributes
    ----------
    address
        Relative to the folder of results.
    title, sentence
        What it is.
    label
        Of a page, in the navigation.
    command
        What makes a page on request, after ``snakemake``; FOLDER stands for the folder of results.
    needs
        ``volumes`` where the page needs images, ``insertion`` where it needs what is put into them.
    """

    address: str
    title: str
    sentence: str = ""
    label: str = ""
    command: str = ""
    needs: str = ""

    @property
    def is_page(self) -> bool:
        """Whether a browser shows it."""
        return self.address.endswith(".html")


@dataclass(frozen=True)
class Link:
    """One link of the navigation; *address* is relative to the page that it stands on."""

    address: str
    label: str
    title: str = ""
    current: bool = False


def _known() -> tuple[Entry, ...]:
    return tuple(Entry(**row) for row in sheet_rows(Path(__file__).with_name("catalogue.tsv")))


KNOWN = _known()
"""Every result, pages first, in the order of the navigation."""

ON_REQUEST = tuple(entry for entry in KNOWN if entry.command)
"""Pages that a run of everything does not make."""

REPRODUCTION = "reproduction.html"


def entry_of(address: str) -> Entry:
    """Return the entry of a result; one that is not in the catalogue is called by its file."""
    for entry in KNOWN:
        if entry.address == address:
            return entry
    folder, *rest = PurePosixPath(address).parts
    if folder == "protocols" and rest[0] != "*":  # files of every protocol share a description
        return replace(entry_of("/".join([folder, "*", *rest[1:]])), address=address)
    return Entry(address, PurePosixPath(address).name)


def run_pages(source: str = "", protocol: str = "") -> list[str]:
    """Return the addresses of the pages that a run of everything makes, the index first.

    The page on the reference paper is one of them where a table is split by the paper's protocol.
    """
    follows_paper = source == "table" and protocol == "paper"
    pages = [entry.address for entry in KNOWN if entry.label and not entry.command]
    return [page for page in pages if page != REPRODUCTION or follows_paper]


def navigation(current: str, there: Sequence[str]) -> list[Link]:
    """Return the navigation of a page.

    Parameters
    ----------
    current
        Address of the page in the folder of results; it is marked, and linked even if it is not
        in *there*.
    there
        Addresses of the pages that are there: of `run_pages`, and of pages made on request.
    """
    shown = [entry for entry in KNOWN if entry.label and entry.address in {*there, current}]
    return [_link(entry, current) for entry in shown]


def _link(entry: Entry, current: str) -> Link:
    address = os.path.relpath(entry.address, PurePosixPath(current).parent)
    here = entry.address == current
    return Link(quote(PurePosixPath(address).as_posix()), entry.label, entry.title, current=here)
