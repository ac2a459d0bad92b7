"""Write the trials of the finished study as a table and a page, and choose the best."""

from collections.abc import Mapping

from tomocalc.accounts.study import Search, Trial
from tomocalc.log import run
from tomocalc.model.search import best_trial, trials_table
from tomocalc.pages.frame import write_page
from tomocalc.pages.tuning import tuning_page
from tomocalc.parquet import write_parquet
from tomocalc.sections import SearchSection


def main(
    *,
    trials: list[str],
    settings: SearchSection,
    protocol: str,
    seed: int,
    source: str,
    table: str,
    best: str,
    page: str,
    words: Mapping[str, str] | None = None,
) -> None:
    """Write all *trials* to *table*, the best one's parameters to *best*, and *page*."""
    search = Search.of(settings, protocol=protocol)
    computed = [Trial.read(path) for path in trials]
    chosen = best_trial(computed, search)
    rows = trials_table(computed, search)
    write_parquet(table, rows)
    chosen.write(best)
    write_page(page, tuning_page(rows, chosen, seed=seed, source=source), words)


if __name__ == "__main__":
    run(main, snakemake)
