"""Link every page of a results folder from one, so that the folder can be put on any share."""

from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from tomocalc.jobs import run
from tomocalc.pages.catalogue import entry_of, navigation
from tomocalc.pages.frame import render_page, write_page
from tomocalc.pages.parts import Cell

VOLUME = "volume.html"


def main(*, pages: list[str], folder: str, page: str) -> None:
    """Write *page* into *folder*, with links to *pages* below it."""
    addresses = sorted(Path(path).resolve().relative_to(Path(folder).resolve()) for path in pages)
    link = Markup('<a href="{}">{}</a>')
    volumes = [
        (
            Cell(link.format(quote(path.as_posix()), path.parent.name), path.parent.name),
            path.parent.parent.as_posix(),
        )
        for path in addresses
        if path.name == VOLUME
    ]
    doors = [entry_of(path.as_posix()) for path in addresses if path.name != VOLUME]
    links = navigation("site.html", [entry.address for entry in doors])
    write_page(page, render_page("site", links=links, pages=doors, volumes=volumes))


if __name__ == "__main__":
    run(main, snakemake, folder=str(Path(snakemake.output.page).parent))
