"""How many annotated findings the search covers: ``qc/detection.json``."""

from __future__ import annotations

from tomocalc.accounts.base import Account, Record


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
