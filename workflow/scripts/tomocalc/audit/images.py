"""What two folders of images share: equal pixels, copies, slices of one volume, examinations."""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.leakage import Check, PartCounts, Shared, SplitAudit, Verdict, worst
from tomocalc.audit.texture import COPY, SAME, SIDE, Floats, likest, texture
from tomocalc.errors import TomocalcError, fault
from tomocalc.files import at_home
from tomocalc.readers.file_names import in_order
from tomocalc.readers.sniff import SUFFIXES
from tomocalc.readers.sources import is_slice
from tomocalc.readers.volume import open_volume


@dataclass(frozen=True)
class _Slice:
    name: str
    digest: str
    texture: Floats


@dataclass
class _Folder:
    """What is kept of one folder's images."""

    slices: list[_Slice] = field(default_factory=list)
    studies: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    strangers: int = 0
    files: int = 0


def audit_images(train: str | Path, test: str | Path) -> SplitAudit:
    """Audit two folders of images, with all folders in them: what stands on both sides.

    Parameters
    ----------
    train, test
        DICOM, PNG, JPEG, TIFF, PGM, NIfTI, NRRD or MetaImage files, of slices or of volumes.

    Returns
    -------
    SplitAudit
        Its rows are slices, named by their path in the folder.

    Raises
    ------
    TomocalcError
        ``E104`` for a folder that is missing or holds no image, ``E105`` for one given twice.
    """
    train, test = at_home(train), at_home(test)
    if train.resolve() == test.resolve():
        raise fault("nothing_to_compare", train.resolve(), "it is given as both folders")
    learnt, asked = _read(train), _read(test)
    found = [
        _same_pixels(asked, learnt),
        *_alike(asked, learnt),
        _same_study(asked, learnt),
        _repeated(asked),
    ]
    checks = [*(check for check, _ in found), _unread(asked, learnt), _strangers(asked, learnt)]
    parts = {"train": learnt, "validation": _Folder(), "test": asked}
    return SplitAudit(
        verdict=worst(checks),
        parts={
            name: PartCounts(rows=len(part.slices), positives=0, patients=0)
            for name, part in parts.items()
        },
        patients_named=False,
        checks=checks,
        features=[],
        shared=[one for _, some in found for one in some],
    )


def _digest(image: NDArray[Any]) -> str:
    """Return a digest of the pixels that 8 bits stored as 16, or another offset, do not change."""
    values = image.astype(np.int64) - int(image.min())
    step = int(np.gcd.reduce(np.unique(values))) or 1
    content = (values // step).astype(np.uint16)
    return hashlib.sha256(repr(content.shape).encode() + content.tobytes()).hexdigest()


def _read(folder: Path) -> _Folder:
    """Read every image below *folder*; others are counted, and what is damaged named."""
    paths = [path for path in folder.rglob("*") if path.is_file() and is_slice(path.name)]
    names = in_order(path.relative_to(folder).as_posix() for path in paths)
    found = _Folder(files=len(names))
    for name in names:
        try:
            volume = open_volume(folder / name, pixel_spacing_mm=1.0, slice_spacing_mm=1.0)
        except TomocalcError as error:
            if error.code == "E203" and Path(name).suffix.lower() not in SUFFIXES:
                found.strangers += 1
            else:
                found.unread.append(name)
            continue
        if volume.header.study:
            found.studies.setdefault(volume.header.study, name)
        for index in range(len(volume)):
            place = name if len(volume) == 1 else f"{name}, slice {index}"
            with contextlib.suppress(TomocalcError):
                image = volume.read(index)
                # blank slices, as at the ends of volumes, are no copies of each other
                digest = _digest(image) if np.ptp(image) else str(folder / place)
                found.slices.append(_Slice(place, digest, texture(image)))
                continue
            found.unread.append(place)
    if not found.slices:
        why = (
            f"none of its {len(names)} files is an image that can be read"
            if folder.is_dir()
            else ("it is a file" if folder.exists() else "there is no such folder")
        )
        raise fault("no_images_to_audit", folder, why)
    return found


def _textures(slices: Sequence[_Slice]) -> Floats:
    return np.array([one.texture for one in slices], np.float32).reshape(-1, SIDE * SIDE)


def _same_pixels(asked: _Folder, learnt: _Folder) -> tuple[Check, list[Shared]]:
    known = {one.digest: one.name for one in reversed(learnt.slices)}
    pairs = [(one.name, known[one.digest], 0.0) for one in asked.slices if one.digest in known]
    return _found("same_pixels", pairs, asked)


def _alike(asked: _Folder, learnt: _Folder) -> Iterator[tuple[Check, list[Shared]]]:
    """Yield near-copies, and slices of one breast, each test slice with its likest learnt one."""
    known = {one.digest for one in learnt.slices}
    some = [one for one in asked.slices if one.digest not in known and one.texture.any()]
    twin, alike = likest(_textures(some), _textures(learnt.slices))
    pairs = [
        (one.name, learnt.slices[place].name, float(1 - value))
        for one, place, value in zip(some, twin, alike, strict=True)
    ]
    copied = [pair for pair in pairs if pair[2] <= 1 - COPY]
    same = [pair for pair in pairs if 1 - COPY < pair[2] <= 1 - SAME]
    yield _found("near_images", copied, asked, detectable=COPY)
    yield _found("same_breast", same, asked, detectable=SAME)


def _same_study(asked: _Folder, learnt: _Folder) -> tuple[Check, list[Shared]]:
    """Return the examinations that both folders have images of, by their identifier."""
    if not asked.studies or not learnt.studies:
        return Check.unseen("same_study", 0), []
    both = [study for study in asked.studies if study in learnt.studies]
    pairs = [(asked.studies[study], learnt.studies[study], None) for study in both]
    return _found("same_study", pairs, asked, of=len(asked.studies))


def _repeated(asked: _Folder) -> tuple[Check, list[Shared]]:
    first: dict[str, str] = {}
    pairs = []
    for one in asked.slices:
        earlier = first.setdefault(one.digest, one.name)
        if earlier != one.name:
            pairs.append((one.name, earlier, 0.0))
    return _found("repeated_images", pairs, asked, verdict=Verdict.CAUTION, twin_part="test")


def _unread(asked: _Folder, learnt: _Folder) -> Check:
    """Return how many images could not be read, or show nothing that could be compared."""
    both = (asked, learnt)
    blank = sum(not one.texture.any() for part in both for one in part.slices)
    count = blank + sum(len(part.unread) for part in both)
    of = sum(len(part.slices) + len(part.unread) for part in both)
    return Check.counted("images_unread", count, of, Verdict.CAUTION)


def _strangers(asked: _Folder, learnt: _Folder) -> Check:
    count, of = asked.strangers + learnt.strangers, asked.files + learnt.files
    return Check(name="no_images", verdict=Verdict.CLEAN, count=count, of=of)


def _found(
    name: str,
    pairs: Sequence[tuple[str, str, float | None]],
    asked: _Folder,
    *,
    of: int | None = None,
    verdict: Verdict = Verdict.LEAKS,
    twin_part: str = "train",
    detectable: float | None = None,
) -> tuple[Check, list[Shared]]:
    check = Check(
        name=name,
        verdict=verdict if pairs else Verdict.CLEAN,
        count=len(pairs),
        of=len(asked.slices) if of is None else of,
        detectable=detectable,
    )
    return check, [
        Shared(
            check=name,
            row=row,
            patient="",
            part="test",
            twin_row=twin,
            twin_patient="",
            twin_part=twin_part,
            distance=distance if distance is None else round(max(0.0, distance), 4),
        )
        for row, twin, distance in pairs
    ]
