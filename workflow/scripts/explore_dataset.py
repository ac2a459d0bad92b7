"""Look at the data set before any model does: one page, and its numbers as data."""

from typing import Any

from tomocalc.eda.explore import explore
from tomocalc.files import read_json, write_json
from tomocalc.log import log_to
from tomocalc.pages.eda.page import eda_page
from tomocalc.pages.frame import write_page


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
        Written: the page, and every number in it.
    """
    accounts = {"quality": read_json(quality), "split": read_json(split)}
    numbers = explore(candidates=candidates, splits=splits, features=features, settings=settings)
    write_json(data, {**numbers, **accounts})
    write_page(page, eda_page(numbers=numbers, **accounts))


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        candidates=snakemake.input.candidates,
        splits=snakemake.input.splits,
        quality=snakemake.input.quality,
        split=snakemake.input.split,
        features=snakemake.params.features,
        settings=snakemake.params.settings,
        page=snakemake.output.page,
        data=snakemake.output.data,
    )
