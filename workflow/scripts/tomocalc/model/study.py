"""What a study is about: settings and data in one file, and a key that changes with them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tomocalc.errors import TomocalcError
from tomocalc.files import digest, read_json
from tomocalc.model.journal import cut_torn_end, exclusive, new_study, open_study

log = logging.getLogger(__name__)
RUNTIME = ("device", "checkpoint_every")
"""Keys of the `model` section that change no result of a trial."""
PACKAGES = ("optuna", "torch")
"""Packages whose version can change a trial."""


@dataclass(frozen=True)
class Study:
    """A study's settings, as ``study.json`` holds them.

    Attributes
    ----------
    key
        Digest of everything that a trial's value depends on.
    trials
        Trials in the end.
    tuning, model, sequence
        Sections of the configuration.
    features
        Columns that the model reads.
    impute
        `dataset.impute`.
    seed, protocol
        Of the run.
    data
        SHA-256 of the candidates and splits files.
    code
        Digest of the sources of a worker.
    versions
        Versions of `PACKAGES`.
    """

    key: str
    trials: int
    tuning: dict[str, Any]
    model: dict[str, Any]
    features: list[str]
    sequence: dict[str, Any]
    impute: str
    seed: int
    protocol: str
    data: dict[str, str]
    code: str
    versions: dict[str, str]

    @property
    def window(self) -> int:
        """Trials of which a later one may not yet know the value; as many may run at a time."""
        return self.tuning["batch"]


def describe_study(
    *,
    tuning: Mapping[str, Any],
    model: Mapping[str, Any],
    features: list[str],
    sequence: Mapping[str, Any],
    impute: str,
    seed: int,
    protocol: str,
    data: dict[str, str],
    code: str,
) -> Study:
    """Put the settings of a study together and derive its key.

    More trials, another number of workers or another device continue the same study. Values that
    other code found must not be taken for this one's, so *code* (the digest of the sources of a
    worker) is part of the key, as are the versions of `PACKAGES`. A validation that is ``auto`` is
    settled here: the paper's protocol has no validation part to score on.
    """
    if tuning["validation"] == "auto":
        tuning = {**tuning, "validation": "kfold" if protocol == "paper" else "holdout"}
    if tuning["workers"] > tuning["batch"]:
        log.warning(
            "%d workers share %d trials at a time: the others wait; raise tuning.batch",
            tuning["workers"],
            tuning["batch"],
        )
    fixed: dict[str, Any] = {
        "tuning": {k: v for k, v in tuning.items() if k not in ("trials", "workers")},
        "model": {k: v for k, v in model.items() if k not in RUNTIME},
        "features": features,
        "sequence": dict(sequence),
        "impute": impute,
        "seed": seed,
        "protocol": protocol,
        "data": data,
        "code": code,
        "versions": {package: version(package) for package in PACKAGES},
    }
    whole: dict[str, Any] = fixed | {"model": dict(model)}
    return Study(key=digest(fixed), trials=tuning["trials"], **whole)


def read_study(path: str | Path) -> Study:
    """Read what ``create_study`` wrote."""
    return Study(**read_json(path))


def need_same_data(study: Study, data: dict[str, str]) -> None:
    """Refuse tables that are not those of the study (``E403``)."""
    if study.data != data:
        raise TomocalcError(
            "E403",
            what="the study is about other data",
            where="candidates or splits",
            why="their SHA-256 differs from the one in study.json",
            fix="snakemake --forcerun create_study",
        )


def prepare_journal(journal: Path, study: Study) -> None:
    """Make *journal* hold *study*: keep it if it does, else begin a new one.

    A journal of another study is kept beside it under a name with the start of its key.
    """
    if journal.exists():
        found = _key_of(journal)
        if found == study.key:
            log.info("study %s goes on in %s", study.key[:8], journal)
            return
        aside = journal.with_name(f"{journal.stem}.{found[:8]}{journal.suffix}")
        with exclusive(journal, "plan"), exclusive(journal, "lock"):
            journal.replace(aside)
        log.warning(
            "search space, settings, data or code changed: a new study begins,"
            " the old one is kept as %s",
            aside,
        )
    new_study(journal, {"key": study.key})
    log.info("study %s begins in %s", study.key[:8], journal)


def _key_of(journal: Path) -> str:
    with exclusive(journal, "lock"):
        cut_torn_end(journal)
    try:
        return open_study(journal).user_attrs["key"]
    except (TomocalcError, KeyError) as error:
        log.warning("%s holds no readable study: %s", journal, error)
        return "damaged"
