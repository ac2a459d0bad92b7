"""Begin the study that the tuning workers share, or go on with the one there is."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from tomocalc.files import write_json
from tomocalc.log import log_to
from tomocalc.model.recipe import data_hashes
from tomocalc.model.study import describe_study, prepare_journal


def main(
    *,
    candidates: str,
    splits: str,
    features: list[str],
    sequence: dict[str, Any],
    settings: dict[str, Any],
    model: dict[str, Any],
    impute: str,
    seed: int,
    protocol: str,
    code: str,
    journal: str,
    study: str,
) -> None:
    """Write the settings to *study* and make *journal* hold the study that they describe.

    *settings* is the `tuning` section, *code* the digest of the sources of a worker. A journal of
    other settings, data or code is kept aside.
    """
    plan = describe_study(
        tuning=settings,
        model=model,
        features=features,
        sequence=sequence,
        impute=impute,
        seed=seed,
        protocol=protocol,
        data=data_hashes(candidates, splits),
        code=code,
    )
    prepare_journal(Path(journal), plan)
    write_json(study, asdict(plan))


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        candidates=snakemake.input.candidates,
        splits=snakemake.input.splits,
        features=snakemake.params.features,
        sequence=snakemake.params.sequence,
        settings=snakemake.params.settings,
        model=snakemake.params.model,
        impute=snakemake.params.impute,
        seed=snakemake.params.seed,
        protocol=snakemake.params.protocol,
        code=snakemake.params.worker_code,
        journal=snakemake.params.journal,
        study=snakemake.output.study,
    )
