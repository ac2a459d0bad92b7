"""A test part that is frozen, and whose openings are counted.

The more often a test part is looked at, the less it says: whoever tries ten models on it and
reports the best has learnt from it. A seal is one small file beside the study. It holds digests of
the test part, so that another one cannot take its place unnoticed, and a line for every opening,
each with a digest of all lines before it, so that a line that was changed or taken out is noticed.
A file cannot notice that its last lines were cut off, or that it was made anew: keep it under
version control, or publish its digest before the first opening.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.seal import FrozenPart, Opened, Opening, Seal
from tomocalc.errors import TomocalcError, fault
from tomocalc.files import ANNOTATION_COLUMNS, at_home, digest, file_sha256
from tomocalc.sections import Finding

SHOWN = 12
"""Digits of a digest that people read."""


def part_of_rows(rows: pl.DataFrame, *, label: str, patient: str | None) -> FrozenPart:
    """Return what a table's test rows hold, column by column, in their order.

    Parameters
    ----------
    rows
        The test part alone.
    label
        Column of 1 (positive) and 0.
    patient
        Column, or None.
    """
    columns = {name: _column_digest(rows[name]) for name in rows.columns}
    names = (
        rows[patient].cast(pl.String).fill_null("") if patient else pl.Series([], dtype=pl.String)
    )
    return FrozenPart(
        cases=rows.height,
        positives=int((rows[label].cast(pl.Float64) == 1).sum()),
        patients=names.filter(names != "").n_unique(),
        digests=columns,
    )


def part_of_volumes(volumes: Sequence[VolumeManifest], findings: Sequence[Finding]) -> FrozenPart:
    """Return what the volumes of a test part hold, whatever was searched for in them and how.

    Parameters
    ----------
    volumes
        Of the test part.
    findings
        Lines of the sheet of annotations; those of other volumes are left out.
    """
    names = {volume.volume_id for volume in volumes}
    lines = [_line_of(row) for row in findings if row["volume_id"] in names]
    patients = sorted({volume.patient_id for volume in volumes} - {""})
    images = sorted(
        [
            *(volume.volume_id, volume.patient_id, volume.study),
            *(volume.rows, volume.columns, volume.slices),
            *(f"{one.stored} {one.source}" for one in volume.sources),
        ]
        for volume in volumes
    )
    return FrozenPart(
        cases=len(names),
        positives=len({line[0] for line in lines}),
        patients=len(patients),
        digests={
            "patients": digest(patients),
            "volumes": digest(images),
            "findings": digest(sorted(lines)),
        },
    )


def freeze(path: str | Path, part: FrozenPart) -> Seal:
    """Seal a test part, or make sure that it is the sealed one.

    Raises
    ------
    TomocalcError
        ``E309`` when another test part was sealed, or the file was changed by hand.
    """
    with _held(path):
        if not Path(path).exists():
            Seal(test_part=part).write(path)
        return _matching(path, part)


def open_seal(path: str | Path, part: FrozenPart, *, by: str, key: str) -> Opened:
    """Count a look at a test part; one with a *key* that was counted before is the same look.

    Raises
    ------
    TomocalcError
        As `freeze`.
    """
    with _held(path):
        seal = _matching(path, part) if Path(path).exists() else Seal(test_part=part)
        known = [one.key for one in seal.openings if one.by == by]
        if key not in known:
            chain = _link(seal_digest(seal), by, key)
            openings = (*seal.openings, Opening(by=by, key=key, chain=chain))
            Seal(test_part=part, openings=openings).write(path)
            known.append(key)
    return Opened(
        seal=_beginning(part)[:SHOWN],
        cases=part.cases,
        patients=part.patients,
        by=by,
        number=known.index(key) + 1,
        total=len(known),
    )


def read_seal(path: str | Path) -> Seal:
    """Read a seal, and check the chain of its openings.

    Raises
    ------
    TomocalcError
        ``E309`` when it was changed by hand, or is no seal; ``E104`` when there is none.
    """
    if not at_home(path).exists():
        raise fault("no_seal_to_read", path, "there is no such file")
    try:
        seal = Seal.read(path)
    except TomocalcError as error:
        raise fault("seal_broken", path, f"it is no seal, or not whole: {error.why}") from error
    before = _beginning(seal.test_part)
    for number, one in enumerate(seal.openings, 1):
        if one.chain != _link(before, one.by, one.key):
            why = (
                f"opening {number} of {len(seal.openings)} does not follow from what stands "
                "before it: the file was changed by hand"
            )
            raise fault("seal_broken", path, why)
        before = one.chain
    return seal


def seal_digest(seal: Seal) -> str:
    """Return the digest that stands for everything in a seal: what to publish."""
    return seal.openings[-1].chain if seal.openings else _beginning(seal.test_part)


def key_of(scores: pl.DataFrame, *more: object) -> str:
    """Return the key of a look at *scores*: rows in any order, columns by name."""
    columns = sorted(scores.columns)
    rows = scores.select(columns).sort(columns)
    return digest([[_column_digest(rows[name]) for name in columns], columns, list(more)])


def _matching(path: str | Path, part: FrozenPart) -> Seal:
    seal = read_seal(path)
    frozen = seal.test_part
    if frozen == part:
        return seal
    names = sorted(set(frozen.digests) | set(part.digests))
    changed = [one for one in names if frozen.digests.get(one) != part.digests.get(one)]
    why = (
        f"this test part ({_counted(part)}) is not the sealed one ({_counted(frozen)}): "
        f"{', '.join(changed[:8]) or 'its counts'} changed"
    )
    raise fault("seal_broken", path, why)


def _counted(part: FrozenPart) -> str:
    return f"{part.cases:,} cases of {part.patients:,} patients, {part.positives:,} positive"


def _beginning(part: FrozenPart) -> str:
    return digest([part.cases, part.positives, part.patients, part.digests])


def _link(before: str, by: str, key: str) -> str:
    return digest([before, by, key])


def _line_of(row: Finding) -> list[str]:
    """Return a finding as the sheet tells it; of a mask its file counts, not the name."""
    found = {name: "" if row.get(name) is None else str(row[name]) for name in ANNOTATION_COLUMNS}
    if found["mask"]:
        found["mask"] = file_sha256(found["mask"])
    return list(found.values())


def _column_digest(values: pl.Series) -> str:
    return hashlib.sha256("\x1f".join(_texts(values)).encode()).hexdigest()


def _texts(values: pl.Series) -> Iterable[str]:
    """Return the values as text: numbers so that whatever type holds them counts alike."""
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return (repr(one) for one in values.cast(pl.Float64).to_list())
    return values.cast(pl.String).fill_null("").to_list()


@contextlib.contextmanager
def _held(path: str | Path) -> Iterator[None]:
    """Keep others out of the folder of a seal: two jobs may open it at once."""
    folder = Path(path).absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
