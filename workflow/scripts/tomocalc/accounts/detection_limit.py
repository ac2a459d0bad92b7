"""What a chain sees of what was put into these images: ``insertion/detection_limit.json``."""

from __future__ import annotations

from tomocalc.accounts.base import Account, Record
from tomocalc.accounts.figures import Figure


class LimitCell(Record, frozen=True, kw_only=True):
    """Calcifications of some diameter and contrast; None: all.

    Attributes
    ----------
    diameter_mm, contrast
        From and below; the second of contrast is None where there is no upper end.
    objects, found
        How many were put in, and how many were found.
    patients
        In whose images.
    recall
        With its interval by patient.
    chance
        Recall of the places that mirror them in the same breast.
    chance_objects
        How many such places there are.
    """

    diameter_mm: tuple[float, float] | None
    contrast: tuple[float, float | None] | None
    objects: int
    found: int
    patients: int
    recall: Figure
    chance: Figure
    chance_objects: int


class StageLimit(Record, frozen=True, kw_only=True):
    """How much one stage of the chain finds; *cells* by diameter, then contrast; then all."""

    stage: str
    cells: tuple[LimitCell, ...]
    all: LimitCell


class SiteLimit(Record, frozen=True, kw_only=True):
    """What the search finds in the images of one site."""

    site: str
    all: LimitCell


class LimitExample(Record, frozen=True, kw_only=True):
    """A calcification near the limit: a faint one that was found, or a clear one that was not."""

    volume_id: str
    slice: int
    x: float
    y: float
    diameter_mm: float
    contrast: float
    contrast_to_noise: float
    found: bool


class AngleCount(Record, frozen=True, kw_only=True):
    """Volumes whose tube angle comes from one source, and those of them with a doubt about it."""

    source: str
    volumes: int
    doubtful: int


class DetectionLimit(Account, frozen=True, kw_only=True):
    """Recall of the calcifications that were put in, by diameter and contrast.

    Attributes
    ----------
    linear
        Whether contrast follows from attenuation by a known gain.
    confidence
        Of the intervals.
    tolerance_mm, slice_tolerance
        How far from an object a find still counts.
    stages
        ``search`` in all volumes, ``model`` in those of the test part.
    sites
        Where there are several.
    angles
        Where the geometry comes from.
    """

    volumes: int
    volumes_with_clusters: int
    distractors: int
    linear: bool
    confidence: float
    tolerance_mm: float
    slice_tolerance: int
    stages: tuple[StageLimit, ...]
    sites: tuple[SiteLimit, ...]
    examples: tuple[LimitExample, ...]
    angles: tuple[AngleCount, ...]
