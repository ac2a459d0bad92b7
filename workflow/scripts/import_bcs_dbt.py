"""Turn a folder of BCS-DBT into sheets; its boxes are masses and distortions."""

import logging
from pathlib import Path
from typing import Any

from tomocalc.adapters.bcs_dbt import bcs_dbt
from tomocalc.adapters.sheets import write_sheets
from tomocalc.log import log_to

log = logging.getLogger("tomocalc.import_bcs_dbt")


def main(*, folder: str, **written: Any) -> None:
    """Write the sheets of the data set in *folder*, as `write_sheets` takes what is *written*."""
    sheets = bcs_dbt(Path(folder))
    log.warning(
        "the boxes outline masses and distortions: calcifications of these volumes are not "
        "annotated, so nothing can be trained or evaluated on them, only predicted"
    )
    write_sheets(sheets, where=folder, **written)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        folder=snakemake.input.folder,
        schemas=dict(snakemake.params.schemas),
        **dict(snakemake.output.items()),
    )
