"""Look at the data set before any model does: one page, and its numbers as data."""

import logging
from collections.abc import Mapping
from typing import Any

from tomocalc.accounts.eda import Exploration
from tomocalc.accounts.leakage import SplitAccount
from tomocalc.accounts.quality import QualityAccount
from tomocalc.eda.features import correlations, summarise
from tomocalc.eda.groups import balance, drift
from tomocalc.eda.histograms import distributions, pairs
from tomocalc.eda.table import load_table
from tomocalc.log import run
from tomocalc.pages.eda import eda_page
from tomocalc.pages.frame import write_page
from tomocalc.parquet import read_parquet

log = logging.getLogger(__name__)


def main(
    *,
    candidates: str,
    splits: str,
    quality: str,
    split: str,
    features: list[str],
    settings: dict[str, Any],
    page: str,
    data: str,
    words: Mapping[str, str] | None = None,
) -> None:
    """Read the data set and its accounts, write *page* (HTML) and *data* (JSON).

    Parameters
    ----------
    candidates, splits, quality, split
        The files of ``results/dataset/``.
    features
        Columns that the model reads; they are marked, every measured feature is shown.
    settings
        The ``eda`` section of the configuration.
    page, data
        Written: the page, and the numbers of its charts.
    """
    table = load_table(candidates).first(features)
    varying = table.varying()
    log.info("%d rows, %d features", table.rows, len(table.features))
    found = Exploration(
        rows=table.rows,
        features=list(varying.features),
        constant=[name for name in table.features if name not in varying.features],
        model_features=[name for name in features if name in table.features],
        summary=summarise(table),
        distributions=distributions(varying, settings["bins"]),
        pairs=pairs(varying),
        correlations=correlations(varying),
        balance=balance(table),
        drift=drift(varying, read_parquet(splits, ["volume_id", "candidate_id", "part"])),
    )
    found.write(data)
    html = eda_page(found, quality=QualityAccount.read(quality), split=SplitAccount.read(split))
    write_page(page, html, words)


if __name__ == "__main__":
    run(main, snakemake)
