"""List the measured volumes in one sheet, which everything that follows depends on."""

import logging

from tomocalc.dataset.listing import write_listing
from tomocalc.log import log_to

log = logging.getLogger("tomocalc.list_volumes")


def main(*, manifests: list[str], volumes: str) -> None:
    """Write one line per volume: its manifest with a checksum, and counts.

    Parameters
    ----------
    manifests
        Of all volumes.
    volumes
        The sheet, tab-separated.
    """
    log.info("%d volumes", write_listing(volumes, manifests))


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(manifests=snakemake.input.manifests, volumes=snakemake.output.volumes)
