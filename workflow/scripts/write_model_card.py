"""Write the model card: what the model is for, what it is not for, and how well it does."""

from collections.abc import Mapping

from tomocalc.accounts.external import ExternalAccount
from tomocalc.accounts.leakage import LeakageAccount, SplitAccount
from tomocalc.accounts.metrics import MetricsAccount
from tomocalc.accounts.quality import QualityAccount
from tomocalc.accounts.study import Best
from tomocalc.files import write_text
from tomocalc.log import run
from tomocalc.model.card import ModelCard
from tomocalc.pages.card import Run
from tomocalc.pages.frame import write_page
from tomocalc.pages.model_card import model_card
from tomocalc.pages.question import reworded
from tomocalc.parquet import read_parquet
from tomocalc.sections import CardSection, LabelsSection


def main(
    *,
    quality: str,
    split: str,
    metrics: str,
    model: str,
    best: str,
    audit: str,
    comparison: str,
    labels: LabelsSection,
    authors: CardSection,
    seed: int,
    text: str,
    page: str,
    target: str = "calcification",
    words: Mapping[str, str] | None = None,
    external: str | None = None,
) -> None:
    """Write the card as Markdown (*text*) and as a *page*.

    Parameters
    ----------
    quality, split, metrics, model, best, audit
        Accounts of the run's stages, JSON.
    comparison
        ``results/comparison/comparison.parquet``.
    external
        Account of a validation elsewhere, where there is one; one of another model is left out.
    labels, authors
        Sections ``labels`` and ``card`` of the configuration.
    target
        What is asked, as the configuration has it.
    """
    run = Run(
        quality=QualityAccount.read(quality),
        split=SplitAccount.read(split),
        metrics=MetricsAccount.read(metrics),
        model=ModelCard.read(model),
        best=Best.read(best),
        audit=LeakageAccount.read(audit),
        comparison=read_parquet(comparison).to_dicts(),
        labels=labels,
        authors=authors,
        seed=seed,
        external=ExternalAccount.read(external) if external else None,
        malignancy=target == "malignancy",
    )
    written, html = model_card(run)
    write_text(text, reworded(written, words))
    write_page(page, html, words)


if __name__ == "__main__":
    run(main, snakemake)
