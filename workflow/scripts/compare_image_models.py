"""The comparison with the image models in it, once they have been trained."""

from collections.abc import Mapping, Sequence
from typing import Any

from tomocalc.comparison.table import read_protocols, with_images
from tomocalc.files import read_json
from tomocalc.log import log_to
from tomocalc.pages.comparison.page import write_comparison


def main(
    *,
    protocols: Sequence[str],
    networks: Sequence[str],
    scores: Sequence[str],
    accounts: Sequence[str],
    lstm_scores: Sequence[str],
    lstm_accounts: Sequence[str],
    image_scores: Sequence[str],
    image_accounts: Sequence[str],
    best: str,
    cited: str,
    source: str,
    settings: Mapping[str, Any],
    seed: int,
    table: str,
    page: str,
) -> None:
    """Write the comparison of all classifiers as a *table* and as a *page*.

    Parameters
    ----------
    protocols, scores, accounts, lstm_scores, lstm_accounts, best, cited, settings
        As for `compare_models`.
    networks
        Keys of the image models.
    image_scores, image_accounts
        Of all networks under the first protocol, then of all under the next, and so on.
    """
    trials = read_json(best)["computed"]
    rest = read_protocols(protocols, scores, accounts, lstm_scores, lstm_accounts, trials=trials)
    measured = []
    for place, one in enumerate(rest):
        mine = slice(place * len(networks), (place + 1) * len(networks))
        measured.append(with_images(one, networks, image_scores[mine], image_accounts[mine]))
    write_comparison(
        measured,
        cited=cited,
        source=source,
        settings=settings,
        seed=seed,
        table=table,
        page=page,
        title="Comparison with image models",
    )


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        protocols=snakemake.params.protocols,
        networks=snakemake.params.networks,
        scores=snakemake.input.scores,
        accounts=snakemake.input.accounts,
        lstm_scores=snakemake.input.lstm_scores,
        lstm_accounts=snakemake.input.lstm_accounts,
        image_scores=snakemake.input.image_scores,
        image_accounts=snakemake.input.image_accounts,
        best=snakemake.input.best,
        cited=snakemake.input.cited,
        source=snakemake.params.source,
        settings=snakemake.params.settings,
        seed=snakemake.params.seed,
        table=snakemake.output.table,
        page=snakemake.output.page,
    )
