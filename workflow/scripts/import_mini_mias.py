"""Turn a folder of the mini-MIAS data set into sheets of volumes and annotations."""

import logging
from pathlib import Path

from tomocalc.adapters.mini_mias import mini_mias
from tomocalc.adapters.sheets import write_sheets
from tomocalc.log import log_to

log = logging.getLogger("tomocalc.import_mini_mias")


def main(
    *, truth: str, schemas: dict[str, str], volumes: str, annotations: str, unplaced: str
) -> None:
    """Write the sheets for the images beside *truth* (``Info.txt``)."""
    sheets = mini_mias(Path(truth))
    log.info("%d images, %d entries left out", len(sheets.volumes), len(sheets.unplaced))
    write_sheets(
        sheets,
        schemas=schemas,
        volumes=volumes,
        annotations=annotations,
        unplaced=unplaced,
        where=str(Path(truth).parent),
    )


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        truth=snakemake.input.truth,
        schemas=dict(snakemake.params.schemas),
        volumes=snakemake.output.volumes,
        annotations=snakemake.output.annotations,
        unplaced=snakemake.output.unplaced,
    )
