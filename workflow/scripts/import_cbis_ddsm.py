"""Turn the calcification cases of CBIS-DDSM into sheets, one mask per finding."""

import logging
from pathlib import Path

from tomocalc.adapters.cbis_ddsm import cbis_ddsm
from tomocalc.adapters.sheets import write_sheets
from tomocalc.log import log_to

log = logging.getLogger("tomocalc.import_cbis_ddsm")


def main(
    *,
    folder: str,
    pixel_spacing_mm: float,
    schemas: dict[str, str],
    volumes: str,
    annotations: str,
    unplaced: str,
) -> None:
    """Write the sheets of the tables and images in *folder*.

    *pixel_spacing_mm* stands for what the data set does not say.
    """
    sheets = cbis_ddsm(Path(folder), pixel_spacing_mm=pixel_spacing_mm)
    log.info("%d images, %d entries left out", len(sheets.volumes), len(sheets.unplaced))
    log.warning("pixel spacing is taken to be %g mm: the data set does not say", pixel_spacing_mm)
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
        pixel_spacing_mm=snakemake.params.pixel_spacing_mm,
        schemas=dict(snakemake.params.schemas),
        volumes=snakemake.output.volumes,
        annotations=snakemake.output.annotations,
        unplaced=snakemake.output.unplaced,
    )
