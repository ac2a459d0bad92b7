"""What was measured of one volume: ``manifest.json``, written last, beside its shards."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import msgspec

from tomocalc.accounts.base import Account, Record, Shown
from tomocalc.accounts.doubts import Doubt
from tomocalc.accounts.settings import Settings
from tomocalc.files import file_sha256


class TableEntry(Record, frozen=True, kw_only=True):
    """A table beside the manifest: file name, content key, number of rows, checksum."""

    path: str
    key: str
    rows: int
    sha256: str


class SliceFacts(Record, frozen=True, kw_only=True):
    """What the search says of a slice that could be read.

    Attributes
    ----------
    threshold
        Value that an object's pixels reach, in units of the generator.
    mask_share
        Share of the slice's pixels that reach it, 0..1.
    breast_share
        Share of the slice that is breast, 0..1.
    other_share
        Area of the next bright region, as a share of that of the breast, 0..1.
    upright
        How much more of its left or right side the breast fills than of top or bottom, -1..1.
    line_share
        Share of the breast's pixels along one row or column at which an edge lies, 0..1.
    top_share
        Share of the breast's pixels that have the largest of their values, 0..1.
    blank_mm2
        Size of the largest area of one exact value within the breast.
    wrapped
        Pairs of neighbours between which values run over the end of their range.
    apart
        How far from its nearer neighbour it is, over the usual distance of neighbours; 0 where few,
        and large where it is the mean or the largest of all others.
    objects
        Of the generator in use.
    qc_flag
        ``ok``, ``capped`` (more objects than allowed) or ``constant`` (no contrast, no objects).
    pixels
        Digest of the pixels where nothing was found in them; else empty.
    """

    slice: int
    threshold: float = 0.0
    mask_share: float = 0.0
    breast_share: float = 0.0
    other_share: float = 0.0
    upright: float = 0.0
    line_share: float = 0.0
    top_share: float = 0.0
    blank_mm2: float = 0.0
    wrapped: int = 0
    apart: float = 0.0
    objects: int = 0
    qc_flag: str = "constant"
    pixels: str = ""


class QuarantinedSlice(Record, frozen=True, kw_only=True):
    """A slice that could not be read, why, and what mends it."""

    slice: int
    reason: str
    fix: str


class SliceSource(Record, frozen=True, kw_only=True):
    """How a slice is named outside: what annotations, masks and viewers refer to.

    Attributes
    ----------
    stored
        Its place as the files store it, from 0: annotation sheets count so.
    source
        Hash of the identifier of its image, empty where it has none.
    position_mm
        Along the normal of the image plane.
    orientation
        Directions along a row and down a column in the patient (LPS).
    """

    stored: int
    source: str = ""
    position_mm: float | None = None
    orientation: tuple[float, ...] | None = None


class VolumeFacts(Account, frozen=True, kw_only=True):
    """Whose volume it is, and its size: lengths in mm, spacing as (row, column).

    ``patient_id``, ``site``, ``laterality``, ``view`` and ``vendor`` are empty where they are
    unknown; the vendor is that of the header, by a listed name.
    """

    volume_id: str
    patient_id: str
    laterality: str
    view: str
    site: str
    vendor: str
    pixel_spacing_mm: tuple[float, float]
    slice_spacing_mm: float
    rows: int
    columns: int
    slices: int


class VolumeManifest(Shown, VolumeFacts, frozen=True, kw_only=True):
    """One volume, how it was measured, and every table that holds its measurements.

    Attributes
    ----------
    schema_version
        Of the tables' columns, `tables.SCHEMA_VERSION`.
    settings_key, settings
        How it was measured; equal keys mean equal settings.
    search
        Key of the learned search that found its candidates; empty where none did.
    generators
        Those that ran; the table of objects has all of them.
    candidates
        Number of candidates in depth.
    study
        Digest of the Study Instance UID; empty where no header names one.
    content
        Digest of what was found: equal for equal pixels, however they are stored. Empty where
        nothing was found that could tell volumes apart.
    turned
        Both in-plane axes are reversed against the stored image.
    sources
        Of every slice, in order.
    breast_share
        Largest share of a slice that is breast, 0..1.
    shards
        One per readable slice.
    objects
        The table of all objects, of every generator that ran.
    versions
        Of everything that can change a shard.
    """

    schema_version: int
    settings_key: str
    settings: Settings
    search: str = ""
    generators: tuple[str, ...]
    candidates: int
    study: str
    content: str
    turned: bool
    sources: tuple[SliceSource, ...]
    breast_share: float
    shards: tuple[TableEntry, ...]
    objects: TableEntry
    slice_facts: tuple[SliceFacts, ...]
    quarantined: tuple[QuarantinedSlice, ...]
    doubts: tuple[Doubt, ...]
    versions: dict[str, str]

    def _facts(self) -> dict[str, object]:
        return {
            "volume_id": self.volume_id,
            "slices": self.slices,
            "candidates": self.candidates,
            "doubts": ", ".join(doubt.code for doubt in self.doubts) or None,
        }

    def lean(self) -> Self:
        """Return it without what grows with its slices: many thousands are held at once."""
        return msgspec.structs.replace(self, shards=(), slice_facts=(), versions={})


class MeasuredVolume(Record, frozen=True, kw_only=True):
    """Files of one volume, relative to the folder of the account, with their checksums."""

    volume_id: str
    manifest: str
    manifest_sha256: str
    overlay: str
    overlay_sha256: str


class Batch(Account, frozen=True, kw_only=True):
    """The volumes of one batch, sorted by their id."""

    volumes: tuple[MeasuredVolume, ...]

    @classmethod
    def of(cls, folders: Iterable[Path], *, place: Path) -> Self:
        """Return the account of the volumes in *folders*, to be written into folder *place*.

        Each folder has its volume's id for a name, and holds ``manifest.json`` and
        ``overlay.png``.
        """
        return cls(volumes=tuple(_measured(folder, place) for folder in sorted(folders)))


def _measured(folder: Path, place: Path) -> MeasuredVolume:
    manifest, overlay = folder / "manifest.json", folder / "overlay.png"
    return MeasuredVolume(
        volume_id=folder.name,
        manifest=os.path.relpath(manifest, place),
        manifest_sha256=file_sha256(manifest),
        overlay=os.path.relpath(overlay, place),
        overlay_sha256=file_sha256(overlay),
    )


SIMULATED = ("in silico", "in-silico")


def is_simulated(site: str | None, vendor: str | None) -> bool:
    """Return whether a volume's ``site``, or the maker in its header, says that it is simulated."""
    told = f"{site or ''}, {vendor or ''}".lower()
    return any(word in told for word in SIMULATED)
