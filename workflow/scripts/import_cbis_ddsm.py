"""Turn the calcification cases of CBIS-DDSM into sheets, one mask per finding."""

import logging
from pathlib import Path
from typing import Any

from tomocalc.adapters.cbis_ddsm import cbis_ddsm
from tomocalc.adapters.sheets import write_sheets
from tomocalc.log import log_to

log = logging.getLogger("tomocalc.import_cbis_ddsm")


def main(*, folder: str, pixel_spacing_mm: float, **written: Any) -> None:
    """Write the sheets of the tables and images in *folder*; see `write_sheets` for *written*.

    *pixel_spacing_mm* stands for what the data set does not say.
    """
    sheets = cbis_ddsm(Path(folder), pixel_spacing_mm=pixel_spacing_mm)
    log.warning("pixel spacing is taken to be %g mm: the data set does not say", pixel_spacing_mm)
    write_sheets(sheets, where=folder, **written)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        folder=snakemake.input.folder,
        pixel_spacing_mm=snakemake.params.pixel_spacing_mm,
        schemas=dict(snakemake.params.schemas),
        **dict(snakemake.output.items()),
    )
