"""Compute one trial of the tuning: find what it tries, train, and score on validation rows."""

from tomocalc.accounts.study import Search, Trial
from tomocalc.log import run
from tomocalc.model.device import choose_device
from tomocalc.model.objective import compute_trial
from tomocalc.model.sequences import build_samples
from tomocalc.parquet import read_parquet
from tomocalc.sections import NetworkSection, SearchSection, SequenceSection


def main(
    *,
    number: int,
    known: list[str],
    candidates: str,
    splits: str,
    features: list[str],
    sequence: SequenceSection,
    settings: SearchSection,
    model: NetworkSection,
    impute: str,
    protocol: str,
    seed: int,
    threads: int,
    trial: str,
) -> None:
    """Write the account of trial *number* to *trial*.

    Parameters
    ----------
    known
        Accounts of the trials whose values it may know, by number.
    settings
        The `tuning` section; the number of trials is not looked at.
    """
    tables = read_parquet(candidates), read_parquet(splits)
    samples = build_samples(*tables, features=features, sequence=sequence, impute=impute)
    found = compute_trial(
        number,
        [Trial.read(path) for path in known],
        samples,
        search=Search.of(settings, protocol=protocol),
        model=model,
        features=features,
        sequence=sequence,
        impute=impute,
        seed=seed,
        device=choose_device(model["device"], precision=model["precision"], threads=threads),
    )
    found.write(trial)


if __name__ == "__main__":
    run(main, snakemake, number=int(snakemake.wildcards.trial))
