"""How many annotated findings the search covers: ``qc/detection.json``."""

from tomocalc.accounts.base import Account, Record
from tomocalc.accounts.figures import Figure


class Recall(Record, frozen=True, kw_only=True):
    """Covered findings, their share and its 95 % interval by patient; None where there is none."""

    findings: int
    covered: int
    recall: float | None = None
    lower: float | None = None
    upper: float | None = None


class KindRecall(Record, frozen=True, kw_only=True):
    """Recall of a kind of findings, and of the places that mirror them in the same breast."""

    found: Recall
    by_chance: Recall


class VisibilityRecall(Record, frozen=True, kw_only=True):
    """Recall of simulated calcifications of some contrast to noise; *below* None: no upper end."""

    above: float
    below: float | None
    found: Recall


class GeneratorRecall(Record, frozen=True, kw_only=True):
    """What one generator finds.

    Attributes
    ----------
    small_objects_per_slice, small_objects_per_cm2_of_breast
        Objects that could be a calcification by their size.
    kinds
        Annotated ``calcification`` and ``cluster``, as far as there are any.
    strong
        Simulated calcifications that are clearly visible.
    by_visibility
        Simulated calcifications by their contrast to noise.
    other_objects
        Other things that were put into the phantom, by kind.
    """

    objects_per_slice: float
    small_objects_per_slice: float
    small_objects_per_cm2_of_breast: float
    kinds: dict[str, KindRecall]
    strong: Recall | None
    by_visibility: tuple[VisibilityRecall, ...]
    other_objects: dict[str, Recall]


class Detection(Account, frozen=True, kw_only=True):
    """The search beside the annotations.

    Attributes
    ----------
    tolerance_mm, slice_tolerance
        How far from a finding an object still covers it.
    small_objects_mm
        Largest diameter of the objects that count.
    generators
        Those that ran.
    """

    volumes: int
    slices: int
    tolerance_mm: float
    slice_tolerance: int
    small_objects_mm: float
    generators: dict[str, GeneratorRecall]


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
