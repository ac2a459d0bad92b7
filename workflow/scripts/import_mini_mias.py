"""Turn a folder of the mini-MIAS data set into sheets of volumes and annotations."""

from pathlib import Path
from typing import Any

from tomocalc.adapters.mini_mias import mini_mias
from tomocalc.adapters.sheets import write_sheets
from tomocalc.log import log_to


def main(*, truth: str, **written: Any) -> None:
    """Write the sheets for the images beside *truth* (``Info.txt``), as `write_sheets` does."""
    write_sheets(mini_mias(Path(truth)), where=str(Path(truth).parent), **written)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        truth=snakemake.input.truth,
        schemas=dict(snakemake.params.schemas),
        **dict(snakemake.output.items()),
    )
