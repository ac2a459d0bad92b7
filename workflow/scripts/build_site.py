"""Link every page of a results folder from one, so that the folder can be put on any share."""

from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from tomocalc.log import log_to
from tomocalc.pages.catalogue import entry_of
from tomocalc.pages.frame import write_page
from tomocalc.pages.parts import Cell, Column, block, table
from tomocalc.pages.shell import Section, render_page
from tomocalc.pages.templating import fill
from tomocalc.pages.words import plural

VOLUME = "volume.html"


def main(*, pages: list[str], folder: str, page: str) -> None:
    """Write *page* into *folder*, with links to *pages* below it."""
    addresses = sorted(Path(path).resolve().relative_to(Path(folder).resolve()) for path in pages)
    volumes = [address for address in addresses if address.name == VOLUME]
    doors = [entry_of(address.as_posix()) for address in addresses if address.name != VOLUME]
    sections = [Section("Pages", fill("doors", entries=doors), key="pages")]
    if volumes:
        sections.append(Section("Scored volumes", _volumes(volumes), key="volumes"))
    write_page(
        page,
        render_page(
            title="All pages",
            subtitle="Every page of this folder. The folder can be moved or shared as a whole.",
            sections=sections,
            facts={"Pages": plural(len(addresses), "page")},
        ),
    )


def _volumes(volumes: list[Path]) -> Markup:
    link = Markup('<a href="{}">{}</a>')
    rows = [
        [
            Cell(link.format(quote(path.as_posix()), path.parent.name), path.parent.name),
            path.parent.parent.as_posix(),
        ]
        for path in volumes
    ]
    columns = [Column("Volume", "text"), Column("Folder", "text")]
    return block([table(columns=columns, rows=rows, caption="Pages of volumes")], kind="panel")


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        pages=list(snakemake.input.pages),
        folder=str(Path(snakemake.output.page).parent),
        page=snakemake.output.page,
    )
