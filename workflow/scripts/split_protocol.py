"""Split the candidates by another protocol than the run's own, for the comparison and the audit."""

from typing import Any

from tomocalc.audit.own_split import read_own_split
from tomocalc.dataset.splits import split_by, usable_candidates
from tomocalc.log import log_to
from tomocalc.parquet import read_parquet, write_parquet


def main(
    *,
    candidates: str,
    own: str | None,
    protocol: str,
    features: list[str],
    duplicates: str,
    seed: int,
    settings: dict[str, Any],
    splits: str,
) -> None:
    """Write *splits*, in the form of ``results/dataset/splits.parquet``.

    Parameters
    ----------
    own
        The user's split file, for protocol ``own``; nothing is dropped from it.
    protocol
        ``honest``, ``paper`` or ``own``.
    settings
        The ``split`` section of the configuration.
    """
    everything = read_parquet(candidates)
    keep = "keep" if protocol == "own" else duplicates
    focus = usable_candidates(everything, used=features, duplicates=keep)
    if protocol == "own":
        assert own is not None
        rows = read_own_split(own, focus, folds=settings["folds"], seed=seed)
    else:
        rows = split_by(protocol, focus, seed=seed, settings=settings)
    write_parquet(splits, rows, {"protocol": protocol, "seed": str(seed)})


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(
        candidates=snakemake.input.candidates,
        own=snakemake.input.get("own"),
        protocol=snakemake.wildcards.protocol,
        features=snakemake.params.features,
        duplicates=snakemake.params.duplicates,
        seed=snakemake.params.seed,
        settings=snakemake.params.settings,
        splits=snakemake.output.splits,
    )
