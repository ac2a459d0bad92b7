"""Put the model that the run releases into one folder, with what new volumes must resemble."""

from pathlib import Path
from typing import Literal

import msgspec
from safetensors.numpy import load_file

from tomocalc.accounts.metrics import Released
from tomocalc.accounts.quality import QualityAccount
from tomocalc.accounts.study import SearchAccount, TreesAccount
from tomocalc.files import write_bytes
from tomocalc.log import run
from tomocalc.metrics import Threshold
from tomocalc.model.card import Calibration, Release, UsedSearch, model_domain
from tomocalc.model.release import load_model, save_model
from tomocalc.parquet import read_parquet


def main(
    *,
    network: str,
    trees: str,
    trees_account: str,
    candidates: str,
    splits: str,
    quality: str,
    release: Released | Literal["best"],
    weights: str,
    card: str,
    search: tuple[str, str] | None = None,
) -> None:
    """Write *weights* and *card* of the release.

    Parameters
    ----------
    network
        The LSTM that was trained under the run's own protocol; its card lies beside it.
    trees, trees_account
        What was grown beside it, and what each model is worth on the validation part.
    candidates, splits, quality
        What it was trained on, for `model_domain`.
    release
        ``lstm``, ``trees``, ``average`` or ``best``.
    search
        Weights and account of the learned search that found the candidates; they go with the model,
        without the names of the patients that it learned from.
    """
    trained, account = load_model(network), QualityAccount.read(quality)
    judged = TreesAccount.read(trees_account)
    chosen = best_of(judged) if release == "best" else release
    domain = model_domain(
        read_parquet(candidates),
        read_parquet(splits),
        features=trained.features,
        source=account.source,
        extraction=account.extraction,
    )
    model = judged.models[chosen]
    facts = msgspec.structs.replace(
        trained.card,
        weights_sha256="",
        domain=domain,
        threshold=Threshold(model.rule, model.threshold, model.chosen_on),
        release=Release(
            asked=release,
            model=chosen,
            shift=judged.shift,
            objective=judged.objective,
            validation={name: one.validation for name, one in judged.models.items()},
        ),
    )
    tensors = dict(trained.network.tensors)
    if chosen != "lstm":
        tensors |= load_file(trees)
        facts = msgspec.structs.replace(facts, calibration=Calibration(prevalence=judged.share))
    if search is not None:
        learned, place = SearchAccount.read(search[1]), Path(weights).parent
        write_bytes(place / Path(search[0]).name, Path(search[0]).read_bytes())
        msgspec.structs.replace(learned, patients=()).write(place / Path(search[1]).name)
        used = UsedSearch(sha256=learned.weights_sha256, patients=len(learned.patients))
        facts = msgspec.structs.replace(facts, search=used)
    save_model(weights=weights, path=card, tensors=tensors, card=facts)


def best_of(judged: TreesAccount) -> Released:
    """Return the model with the highest validation score; the LSTM where there are no scores."""
    kinds: tuple[Released, ...] = ("lstm", "trees", "average")
    known: dict[Released, float] = {}
    for kind in kinds:
        value = judged.models[kind].validation
        if value is not None:
            known[kind] = value
    return max(known, key=lambda kind: known[kind]) if known else "lstm"


if __name__ == "__main__":
    run(
        main,
        snakemake,
        search=(snakemake.input.search_weights, snakemake.input.search_account)
        if "search_weights" in snakemake.input.keys()  # noqa: SIM118
        else None,
    )
