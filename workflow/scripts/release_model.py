"""Put the model that the run releases into one folder, with what new volumes must resemble."""

from tomocalc.accounts.quality import QualityAccount
from tomocalc.log import log_to
from tomocalc.model.domain import model_domain
from tomocalc.model.release import load_model, save_model
from tomocalc.parquet import read_parquet


def main(
    *, network: str, candidates: str, splits: str, quality: str, weights: str, card: str
) -> None:
    """Write *weights* and *card* of the release.

    Parameters
    ----------
    network
        The network that was trained under the run's own protocol; its card lies beside it.
    candidates, splits, quality
        What it was trained on, for `model_domain`.
    """
    trained, account = load_model(network), QualityAccount.read(quality)
    domain = model_domain(
        read_parquet(candidates),
        read_parquet(splits),
        features=trained.features,
        source=account.source,
        extraction=account.extraction,
    )
    facts = {key: value for key, value in trained.card.items() if key != "weights_sha256"}
    facts["domain"] = domain
    save_model(weights=weights, card=card, tensors=trained.network.tensors, facts=facts)


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        network=snakemake.input.network,
        candidates=snakemake.input.candidates,
        splits=snakemake.input.splits,
        quality=snakemake.input.quality,
        weights=snakemake.output.weights,
        card=snakemake.output.card,
    )
