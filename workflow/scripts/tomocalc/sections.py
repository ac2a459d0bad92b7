"""Sections of the configuration and findings of the sheet as types.

At run time they are plain mappings: sections as Snakemake hands them over, already checked by
`tomocalc.config.check_config`, which a test holds against the schema. What the keys mean, their
units and limits are in ``workflow/schemas/config.schema.yaml`` and nowhere else.
"""

from collections.abc import Sequence
from typing import Any, Literal, NotRequired, TypedDict

Range = list[float]
"""Lowest and highest value."""
PARTS = ("train", "validation", "test")
TABLE = "table"
"""Volume of every row of a table, which knows no volumes."""
MOST_SUBGROUPS = 20
"""Values of a column that divides the figures, at most."""
Objective = Literal["average_precision", "auroc", "accuracy"]


class PhantomSection(TypedDict):
    """``phantom``."""

    patients: int
    rows: int
    columns: int
    slices: int
    pixel_spacing_mm: float
    slice_spacing_mm: float
    projections: int
    half_angle_deg: float
    photons: float
    end_on_vessels: float
    calcified_fraction: float
    malignant_fraction: float | None
    difficulty: float
    format: Literal["dicom", "png"]


class TableSection(TypedDict):
    """``table`` of a run that begins with one; without one most of it is empty."""

    path: str | None
    sha256: str | None
    header: bool
    features: dict[str, str]
    label: str
    positive: str
    negative: list[str] | None
    patient_id: str | None
    cluster: str | None
    site: str | None
    subgroups: list[str]


class DoubtsSection(TypedDict):
    """What ``image`` says of doubts."""

    doubts: Literal["report", "fail"]
    allowed_doubts: Sequence[str]


class ReadingSection(DoubtsSection):
    """What ``image`` says of how files are read."""

    max_pixels: int
    min_size: int
    side_mismatch: Literal["keep", "repair"]
    on_bad_slice: Literal["fail", "quarantine"]


class ImageSection(ReadingSection):
    """``image``."""

    measure_on: Literal["normalised", "equalised"]
    blur_sigma_mm: float
    texture: bool


class CandidatesSection(TypedDict):
    """``candidates``."""

    generator: Literal["local", "paper", "learned"]
    compare: Literal["auto", "none", "paper", "local"]
    threshold_k: float
    min_diameter_mm: float
    max_diameter_mm: float
    max_per_slice: int
    link_radius_mm: float


class LabelsSection(TypedDict):
    """``labels``."""

    tolerance_mm: float
    slice_tolerance: int
    ignore_mm: float
    unlabelled: Literal["fail", "drop"]


class DatasetSection(TypedDict):
    """``dataset``."""

    duplicates: Literal["drop", "keep"]
    impute: Literal["none", "mean", "median", "knn"]
    max_bad_fraction: float


class SplitSection(TypedDict):
    """``split``."""

    validation_fraction: float
    test_fraction: float
    folds: int


SequenceKind = Literal["slices", "features_as_steps", "single_step", "members"]


class SequenceSection(TypedDict):
    """``sequence``."""

    kind: SequenceKind
    slices: int


class NetworkSection(TypedDict):
    """``model`` without what is released."""

    units: list[int]
    dropout: float
    members: int
    learning_rate: float
    schedule: Literal["constant", "one_cycle"]
    weight_decay: float
    batch_size: int
    epochs: int
    patience: int
    monitor: Literal["loss", "average_precision", "auroc", "accuracy"]
    imbalance: Literal["none", "oversample", "class_weights", "focal"]
    scaler: Literal["standard", "quantile"]
    device: Literal["auto", "cpu", "cuda"]
    precision: Literal["float32", "tf32", "bf16"]
    checkpoint_every: int


class ModelSection(NetworkSection):
    """``model``."""

    release: Literal["lstm", "trees", "average", "best"]


class SearchSection(TypedDict):
    """``tuning`` without the number of trials."""

    batch: int
    objective: Objective
    validation: Literal["auto", "holdout", "kfold"]
    learning_rate: Range
    dropout: Range
    layers: Range
    units: Range
    epochs: int
    members: int


class TuningSection(SearchSection):
    """``tuning``."""

    trials: int


class ClusterSection(TypedDict):
    """``evaluation.cluster``."""

    calcifications: int
    distance_mm: float


class ClustersSection(ClusterSection):
    """``clusters``."""

    contrast_to_noise: float


class EvaluationSection(TypedDict):
    """``evaluation``."""

    threshold: Literal["max_f1", "half"]
    confidence: float
    prevalences: list[float]
    cluster: ClusterSection
    seal: str | None


class PredictSection(TypedDict):
    """``predict``."""

    model: str | None
    volumes: str | None
    annotations: str | None
    table: str | None
    identifiers: Literal["pseudonymous", "source", "none"]
    spacing_tolerance: float


class ComparisonSection(TypedDict):
    """``comparison``."""

    trials: int
    cross_validation: int
    cited: str
    patch_px: int
    samples: int
    epochs: int
    networks: list[str]
    weights: dict[str, str]


class AuditSection(TypedDict):
    """``audit``."""

    splits: str | None
    permutations: int


class CardSection(TypedDict):
    """``card``."""

    intended_use: str | None
    authors: str | None
    contact: str | None
    licence: str | None
    notes: str | None
    answers: dict[str, str]


SECTIONS: dict[str, type] = {
    "phantom": PhantomSection,
    "table": TableSection,
    "image": ImageSection,
    "candidates": CandidatesSection,
    "labels": LabelsSection,
    "clusters": ClustersSection,
    "dataset": DatasetSection,
    "split": SplitSection,
    "sequence": SequenceSection,
    "model": ModelSection,
    "tuning": TuningSection,
    "evaluation": EvaluationSection,
    "predict": PredictSection,
    "comparison": ComparisonSection,
    "audit": AuditSection,
    "card": CardSection,
}
"""By their name in the configuration."""


class Place(TypedDict):
    """Where something lies in a volume, in pixels: a circle with a radius, otherwise a box."""

    slice: int | None
    """None: on every one."""
    x: float
    y: float
    """Of a circle its centre, of a box its top left corner."""
    radius: float | None
    width: float
    height: float
    """Of a box."""
    mask: Any
    """Path of a mask; once in place a `tomocalc.dataset.masks.PlacedMask`, boxed by the rest."""
    parts: NotRequired[list[Any]]
    """The same finding on other slices, each a place."""


class Finding(Place):
    """A line of the sheet of annotations, and what is known of it once it is in its place."""

    volume_id: str
    kind: str
    pathology: str | None
    finding_id: int
    contrast_to_noise: float
    # where it has a mask
    mask_shape: tuple[int, int]
    mask_share: float
    mask_pages: int
    mask_slices: list[int]
    mask_soft: float | None
    mask_outlines: int
    mask_areas: int
    _line: int


def lines_of(finding: Finding) -> list[Finding]:
    """Return the lines of the sheet that tell a finding."""
    return [finding, *finding.get("parts", ())]
