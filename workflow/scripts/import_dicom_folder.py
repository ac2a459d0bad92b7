"""Group any tree of DICOM files into volumes, and say of every file that is in none why."""

import logging
from pathlib import Path

from tomocalc.adapters.dicom_folder import dicom_folder
from tomocalc.adapters.sheets import write_sheets
from tomocalc.log import log_to

log = logging.getLogger("tomocalc.import_dicom_folder")


def main(
    *,
    folder: str,
    laterality: str | None,
    site: str | None,
    schemas: dict[str, str],
    volumes: str,
    annotations: str,
    unplaced: str,
) -> None:
    """Write the sheets of the files below *folder*; the sheet of annotations is empty.

    Parameters
    ----------
    laterality
        Of images whose header does not say.
    site
        Of all volumes.
    """
    sheets = dicom_folder(Path(folder), laterality=laterality, site=site)
    log.info("%d volumes, %d files left out", len(sheets.volumes), len(sheets.unplaced))
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
        laterality=snakemake.params.laterality,
        site=snakemake.params.site,
        schemas=dict(snakemake.params.schemas),
        volumes=snakemake.output.volumes,
        annotations=snakemake.output.annotations,
        unplaced=snakemake.output.unplaced,
    )
