"""Write the page that a user opens first: what ran, what came out, where everything is."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tomocalc.accounts.detection import Detection
from tomocalc.accounts.leakage import LeakageAccount, SplitAccount
from tomocalc.accounts.metrics import MetricsAccount
from tomocalc.accounts.quality import QualityAccount
from tomocalc.dataset.listing import listed_volumes
from tomocalc.errors import fault, raise_all
from tomocalc.log import run
from tomocalc.pages.frame import write_page
from tomocalc.pages.index import index_page
from tomocalc.parquet import read_parquet


def main(
    *,
    page: str,
    quality: str,
    split: str,
    metrics: str,
    files: list[str],
    audit: str | None = None,
    comparison: str | None = None,
    detection: str | None = None,
    quarantine: str | None = None,
    volumes: str | None = None,
    overlays: Sequence[str] = (),
    words: Mapping[str, str] | None = None,
) -> None:
    """Write the index *page*.

    Parameters
    ----------
    page
        Written; links are relative to its folder, so the folder can be moved as a whole.
    quality, split, metrics
        ``results/dataset/{quality,split}.json`` and ``results/evaluation/metrics.json``.
    files
        Every page and data file to link to, in the order of the page.
    audit, comparison
        ``results/audit/leakage.json`` and ``results/comparison/comparison.parquet``.
    detection
        ``results/qc/detection.json``, where volumes were searched for candidates.
    quarantine, volumes
        Sheets of the slices that could not be read, and of the measured volumes.
    overlays
        PNG pictures of quality control, one per volume.

    Raises
    ------
    TomocalcError
        ``E104`` when a file to link to does not exist.
    """
    folder = Path(page).parent
    files = [*files, *(sheet for sheet in (volumes, quarantine) if sheet)]
    absent = [path for path in [*files, *overlays] if not Path(path).is_file()]
    raise_all([fault("linked_result_missing", path, "the file does not exist") for path in absent])
    html = index_page(
        folder=folder,
        quality=QualityAccount.read(quality),
        split=SplitAccount.read(split),
        metrics=MetricsAccount.read(metrics),
        detection=Detection.read(detection) if detection else None,
        audit=LeakageAccount.read(audit) if audit else None,
        comparison=read_parquet(comparison).to_dicts() if comparison else [],
        files=files,
        overlays=overlays,
    )
    write_page(page, html, words)


if __name__ == "__main__":
    run(
        main,
        snakemake,
        files=[*snakemake.input.files, *snakemake.params.requested],
        overlays=lambda: [
            str(Path(snakemake.input.pictures) / f"{name}.png")
            for name in listed_volumes(snakemake.input.get("volumes"))
        ],
    )
