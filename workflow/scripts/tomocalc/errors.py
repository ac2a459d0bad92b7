"""The one way in which tomocalc says that something is wrong."""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

CODES: dict[str, str] = {
    # 1xx configuration and sheets
    "E101": "the configuration is not valid",
    "E102": "a sheet cannot be read",
    "E103": "a sheet has a bad row",
    "E104": "an input file is missing or unreadable",
    "E105": "a command cannot be understood",
    "E106": "tomocalc itself is at fault",
    # 2xx image files
    "E201": "an image file is empty",
    "E202": "an image file is damaged or cut short",
    "E203": "a file is not an image of a supported kind",
    "E204": "an image is larger or smaller than the configured limits",
    "E205": "pixel spacing is missing",
    "E206": "pixel values cannot be used",
    "E207": "a volume does not hold the slices it should",
    "E208": "a file changed, or differs from its checksum",
    "E209": "a volume is doubtful, and the configuration refuses that",
    "E210": "the acquisition geometry of a volume is unknown",
    "E211": "a breast has no room for what is to be put in",
    "E212": "annotated findings leave no room for what is to be put in",
    # 3xx shards, tables, splits
    "E301": "a shard is missing, damaged or from another run",
    "E302": "a table does not follow its schema",
    "E303": "annotations and volumes do not match",
    "E304": "the data cannot be split as asked",
    "E305": "a table cannot be fetched",
    "E306": "too many slices are quarantined",
    "E307": "an account of an earlier step is damaged or from another version",
    "E308": "a study cannot be planned from this pilot",
    "E309": "the seal of the test part is broken",
    # 4xx tuning, training, models
    "E401": "the device that was asked for is not available",
    "E402": "training diverged",
    "E404": "a model file does not fit this run",
    "E405": "the memory of the device is exhausted",
    "E406": "the environment lacks a package or cannot be used",
    "E407": "a search cannot be learned from these slices",
    # 5xx storage
    "E501": "a result cannot be written",
    # 6xx prediction and import
    "E601": "a volume has no identifiers to copy",
    "E602": "a model does not fit the volumes",
    "E603": "a data set to import is not laid out as published",
    "E604": "objects cannot be sent to an archive",
}
"""Every code and its meaning; the codes are stable and documented."""


class Kind(NamedTuple):
    """What a fault of one kind says wherever it is found, with names in braces."""

    code: str
    """A key of `CODES`."""
    what: str
    fix: str
    """Empty where it depends on what was found."""


def _kinds() -> dict[str, Kind]:
    text = Path(__file__).with_name("faults.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return {key: Kind(*texts) for key, *texts in rows}


FAULTS = _kinds()
"""Every kind of fault by its key, sorted by code; the guide shows this table."""


class TomocalcError(Exception):
    """A fault in the user's data, configuration or machine, told in one line.

    Parameters
    ----------
    code
        A key of `CODES`.
    what
        The fault, as a short phrase without a full stop.
    where
        File, slice, ``sheet:line`` or configuration key.
    why
        The observed reason, one sentence.
    fix
        One action that mends it.
    """

    def __init__(self, code: str, what: str, where: str, why: str, fix: str) -> None:
        if code not in CODES:
            raise ValueError(f"unknown error code {code}")
        self.code, self.what, self.where, self.why, self.fix = code, what, where, why, fix
        super().__init__(code, what, where, why, fix)

    def __str__(self) -> str:
        parts = (self.what, self.where, self.why, self.fix)
        what, where, why, fix = (" ".join(part.split()) for part in parts)
        why, fix = (one if one.endswith("?") else f"{one.rstrip('.')}." for one in (why, fix))
        return f"ERROR [{self.code}] {what} ({where}): {why} Fix: {fix}"


class TomocalcErrors(TomocalcError):
    """Several faults found in one pass, one line each."""

    def __init__(self, errors: Iterable[TomocalcError]) -> None:
        self.errors = list(errors)
        super().__init__(*self.errors[0].args)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)

    def __reduce__(self) -> tuple[object, ...]:
        return TomocalcErrors, (self.errors,)


def fault(key: str, where: str | Path, why: str, fix: str = "", **words: object) -> TomocalcError:
    """Return a fault whose code and texts stand in ``faults.tsv``.

    Parameters
    ----------
    key
        A key of `FAULTS`.
    where, why
        Of `TomocalcError`.
    fix
        The action, for a kind that leaves it open.
    words
        What takes the place of the names in braces.
    """
    kind = FAULTS[key]
    return TomocalcError(
        kind.code,
        what=kind.what.format(**words),
        where=str(where),
        why=why,
        fix=fix or kind.fix.format(**words),
    )


def in_one_line(error: TomocalcError) -> str:
    """Return a fault as one line; of several the first, and how many more there are."""
    if not isinstance(error, TomocalcErrors) or len(error.errors) == 1:
        return str(error)
    return f"{error.errors[0]} ({len(error.errors) - 1} more like this)"


def raise_all(errors: list[TomocalcError]) -> None:
    """Raise every collected error at once; do nothing for an empty list."""
    if errors:
        raise errors[0] if len(errors) == 1 else TomocalcErrors(errors)


def quoted(*paths: str | Path) -> str:
    """Return paths as a shell takes them."""
    return shlex.join(map(str, paths))
