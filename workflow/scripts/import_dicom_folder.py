"""Group any tree of DICOM files into volumes, and say of every file that is in none why."""

from pathlib import Path
from typing import Any

from tomocalc.adapters.dicom_folder import dicom_folder, link_series
from tomocalc.adapters.sheets import write_sheets
from tomocalc.log import log_to


def main(
    *, folder: str, laterality: str | None, site: str | None, series: str, **written: Any
) -> None:
    """Write the sheets of the files below *folder*; the sheet of annotations is empty.

    Parameters
    ----------
    laterality
        Of images whose header does not say.
    site
        Of all volumes.
    series
        Folder of links to the files of series that have no folder of their own.
    written
        What `write_sheets` takes.
    """
    sheets, scattered = dicom_folder(
        Path(folder), laterality=laterality, site=site, series=Path(series)
    )
    link_series(Path(series), scattered)
    write_sheets(sheets, where=folder, **written)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        folder=snakemake.input.folder,
        laterality=snakemake.params.laterality,
        site=snakemake.params.site,
        schemas=dict(snakemake.params.schemas),
        **dict(snakemake.output.items()),
    )
