"""Write the trials of the finished study as a table and a page, and choose the best."""

from pathlib import Path

from tomocalc.files import write_json, write_text
from tomocalc.log import log_to
from tomocalc.model.journal import open_study
from tomocalc.model.selection import best_trial, timeline, trials_table
from tomocalc.model.study import read_study
from tomocalc.pages.frame import write_page
from tomocalc.pages.tuning.page import tuning_page
from tomocalc.parquet import write_parquet


def main(*, study: str, journal: str, source: str, trials: str, best: str, page: str) -> None:
    """Write every computed trial to *trials*, the best one's parameters to *best*, and *page*.

    When each trial ran goes beside the journal, because results carry no times.
    """
    plan = read_study(study)
    shared = open_study(Path(journal))
    table = trials_table(shared, plan)
    chosen = best_trial(table, plan)
    write_parquet(trials, table, {"study": plan.key})
    write_json(best, chosen)
    write_page(page, tuning_page(table, chosen, plan, source=source))
    write_text(Path(journal).with_name("timeline.tsv"), timeline(shared, plan))


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        study=snakemake.input.study,
        journal=snakemake.params.journal,
        source=snakemake.params.source,
        trials=snakemake.output.trials,
        best=snakemake.output.best,
        page=snakemake.output.page,
    )
