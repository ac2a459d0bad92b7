"""List the slices that no volume could use, with the reason and the remedy."""

import logging

from tomocalc.dataset.listing import listed_manifests
from tomocalc.dataset.shards import read_manifest
from tomocalc.files import sheet_text, write_text
from tomocalc.log import log_to

log = logging.getLogger("tomocalc.list_quarantine")

COLUMNS = ("volume_id", "slice", "reason", "fix")


def main(*, manifests: list[str], sheet: str) -> None:
    """Write one line per quarantined slice, sorted by volume and slice.

    Parameters
    ----------
    manifests
        Of all volumes.
    sheet
        Tab-separated, with a header even where there is nothing to list.
    """
    volumes = sorted(map(read_manifest, manifests), key=lambda volume: volume["volume_id"])
    rows = [
        {"volume_id": volume["volume_id"], **{name: _line(entry[name]) for name in COLUMNS[1:]}}
        for volume in volumes
        for entry in volume["quarantined"]
    ]
    write_text(sheet, sheet_text(COLUMNS, rows))
    log.info("%d slices are quarantined", len(rows))


def _line(value: object) -> str:
    """Return *value* as one cell: a library's message may hold tabs or line ends."""
    return " ".join(str(value).split())


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        manifests=listed_manifests(snakemake.input.volumes),
        sheet=snakemake.output.sheet,
    )
