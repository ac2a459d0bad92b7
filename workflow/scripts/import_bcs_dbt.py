"""Turn a folder of BCS-DBT into sheets; its boxes are masses and distortions."""

import logging
from pathlib import Path

from tomocalc.adapters.bcs_dbt import bcs_dbt
from tomocalc.adapters.sheets import write_sheets
from tomocalc.log import log_to

log = logging.getLogger("tomocalc.import_bcs_dbt")


def main(
    *, folder: str, schemas: dict[str, str], volumes: str, annotations: str, unplaced: str
) -> None:
    """Write the sheets of the data set in *folder*."""
    sheets = bcs_dbt(Path(folder))
    log.info("%d volumes, %d entries left out", len(sheets.volumes), len(sheets.unplaced))
    log.warning(
        "the boxes outline masses and distortions: calcifications of these volumes are not "
        "annotated, so nothing can be trained or evaluated on them, only predicted"
    )
    write_sheets(
        sheets,
        schemas=schemas,
        volumes=volumes,
        annotations=annotations,
        unplaced=unplaced,
        where=folder,
    )


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        folder=snakemake.input.folder,
        schemas=dict(snakemake.params.schemas),
        volumes=snakemake.output.volumes,
        annotations=snakemake.output.annotations,
        unplaced=snakemake.output.unplaced,
    )
