"""Set every model beside the LSTM, under every protocol, with paired differences."""

from collections.abc import Mapping, Sequence
from typing import Any

from tomocalc.comparison.table import read_protocols
from tomocalc.files import read_json
from tomocalc.log import log_to
from tomocalc.pages.comparison.page import write_comparison


def main(
    *,
    protocols: Sequence[str],
    scores: Sequence[str],
    accounts: Sequence[str],
    lstm_scores: Sequence[str],
    lstm_accounts: Sequence[str],
    best: str,
    cited: str,
    source: str,
    settings: Mapping[str, Any],
    seed: int,
    table: str,
    page: str,
) -> None:
    """Write the comparison as a *table* and as a *page*.

    Parameters
    ----------
    protocols
        The run's own first; one entry of the next four per protocol, in the same order.
    scores, accounts
        Of the feature models.
    lstm_scores, lstm_accounts
        Of the LSTM. Under the run's own protocol they are the released model's predictions and
        its card.
    best
        The tuning's choice.
    cited, settings
        As for `write_comparison`.
    """
    trials = read_json(best)["computed"]
    write_comparison(
        read_protocols(protocols, scores, accounts, lstm_scores, lstm_accounts, trials=trials),
        cited=cited,
        source=source,
        settings=settings,
        seed=seed,
        table=table,
        page=page,
    )


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        protocols=snakemake.params.protocols,
        scores=snakemake.input.scores,
        accounts=snakemake.input.accounts,
        lstm_scores=snakemake.input.lstm_scores,
        lstm_accounts=snakemake.input.lstm_accounts,
        best=snakemake.input.best,
        cited=snakemake.input.cited,
        source=snakemake.params.source,
        settings=snakemake.params.settings,
        seed=snakemake.params.seed,
        table=snakemake.output.table,
        page=snakemake.output.page,
    )
