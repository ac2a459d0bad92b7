"""Set every model beside the LSTM, under every protocol, with paired differences."""

from collections.abc import Mapping, Sequence

from tomocalc.accounts.seal import FrozenPart
from tomocalc.comparison.catalogue import read_cited
from tomocalc.comparison.table import comparison_table, measure, read_protocols, with_images
from tomocalc.log import run
from tomocalc.pages.comparison import comparison_page
from tomocalc.pages.frame import write_page
from tomocalc.parquet import write_parquet
from tomocalc.sections import EvaluationSection
from tomocalc.study.seal import key_of, open_seal


def main(
    *,
    protocols: Sequence[str],
    scores: Sequence[str],
    accounts: Sequence[str],
    lstm_scores: Sequence[str],
    lstm_cards: Sequence[str],
    tree_scores: Sequence[str],
    tree_accounts: Sequence[str],
    image_scores: Sequence[str] = (),
    image_accounts: Sequence[str] = (),
    cited: str,
    source: str,
    settings: EvaluationSection,
    table: str,
    page: str,
    words: Mapping[str, str] | None = None,
    sealed: str | None = None,
) -> None:
    """Write the comparison as a *table* and as a *page*.

    Parameters
    ----------
    protocols
        The run's own first; one entry of the next six per protocol, in the same order.
    scores, accounts
        Of the feature models.
    lstm_scores, lstm_cards, tree_scores, tree_accounts
        Of the LSTM and of the trees.
    image_scores, image_accounts
        Of all networks on image patches under the first protocol, then of all under the next,
        and so on; none where the comparison is without them.
    cited
        Sheet of figures from publications.
    settings
        The ``evaluation`` section of the configuration.
    sealed
        The frozen test part, where ``settings["seal"]`` counts how often it is looked at.
    """
    measured = read_protocols(
        protocols, scores, accounts, lstm_scores, lstm_cards, tree_scores, tree_accounts
    )
    if image_scores:
        each = len(image_scores) // len(protocols)  # networks
        starts = range(0, len(image_scores), each)
        measured = [
            with_images(one, image_scores[at : at + each], image_accounts[at : at + each])
            for one, at in zip(measured, starts, strict=True)
        ]
    opened = None
    if sealed:
        assert settings["seal"] is not None
        opened = open_seal(
            settings["seal"],
            FrozenPart.read(sealed),
            by="comparison",
            key=key_of(measured[0].test.drop("group")),
        )
    figures = {one.protocol: measure(one, settings=settings) for one in measured}
    rows = comparison_table(measured, figures, read_cited(cited))
    write_parquet(table, rows)
    html = comparison_page(
        rows,
        own=measured[0].protocol,
        source=source,
        confidence=settings["confidence"],
        cross_validation={one.protocol: one.cross_validation for one in measured},
        images=bool(image_scores),
        opened=opened,
    )
    write_page(page, html, words)


if __name__ == "__main__":
    run(main, snakemake)
