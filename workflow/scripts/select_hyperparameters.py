"""Write the trials of the finished study as a table, and choose the best."""

from pathlib import Path

from tomocalc.files import write_json
from tomocalc.log import log_to
from tomocalc.model.journal import open_study
from tomocalc.model.selection import best_trial, trials_table
from tomocalc.model.study import read_study
from tomocalc.parquet import write_parquet


def main(*, study: str, journal: str, trials: str, best: str) -> None:
    """Write every computed trial to *trials* and the best one's parameters to *best*."""
    plan = read_study(study)
    table = trials_table(open_study(Path(journal)), plan)
    write_parquet(trials, table, {"study": plan.key})
    write_json(best, best_trial(table, plan))


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        study=snakemake.input.study,
        journal=snakemake.params.journal,
        trials=snakemake.output.trials,
        best=snakemake.output.best,
    )
