"""What is in a data set and what is wrong with it: ``dataset/quality.json``."""

from __future__ import annotations

from typing import Literal

import msgspec

from tomocalc.accounts.base import Account, Record
from tomocalc.accounts.doubts import DoubtCount
from tomocalc.accounts.settings import Settings


class Gaps(Record, frozen=True, kw_only=True):
    """Values of one column that are no number."""

    null: int
    nan: int
    inf: int


class Classes(Record, frozen=True, kw_only=True):
    """Candidates of both classes; *prevalence* is the share of calcifications, 0 to 1."""

    negatives: int
    positives: int
    prevalence: float


class Duplicates(Record, frozen=True, kw_only=True):
    """Candidates of one patient that are equal in every used feature and the label.

    Attributes
    ----------
    rows
        Redundant ones: those that are equal to an earlier one.
    groups, largest_group
        Sets of equal candidates, and the size of the largest.
    """

    rows: int
    groups: int
    largest_group: int


class Repeats(Duplicates, frozen=True, kw_only=True):
    """Duplicates of all candidates, and of each label (``0``, ``1``)."""

    per_class: dict[str, Duplicates]


class Conflicts(Record, frozen=True, kw_only=True):
    """Candidates of one patient that are equal in every used feature, not in the label."""

    groups: int
    rows: int


class Imputed(Record, frozen=True, kw_only=True):
    """How many values of a column will be filled, and how (``mean``, ``median``, ``knn``)."""

    column: str
    values: int
    method: str


class Annotated(Record, frozen=True, kw_only=True):
    """What became of the sheet of annotations.

    Attributes
    ----------
    total, lines, on_several_slices
        Findings of calcifications, the lines that tell of them, and the findings that are
        outlined on more than one slice.
    in_several_areas
        Calcifications whose mask has areas that lie apart: each counts once.
    matched, unmatched
        Findings with and without a candidate.
    volumes_without_annotation
        Volumes that no line names: all of their candidates count as no calcification.
    other_findings
        Findings of other kinds.
    ignored_candidates
        Candidates in the border of an annotation, which belong to neither class.
    """

    total: int
    lines: int
    on_several_slices: int
    in_several_areas: int
    matched: int
    unmatched: int
    volumes_without_annotation: int
    other_findings: int
    ignored_candidates: int


class ClusterCounts(Record, frozen=True, kw_only=True):
    """Clusters that could be rows of the data set, and why some are not.

    Attributes
    ----------
    outlined, formed
        Clusters with members: of the annotation sheet, and of the density rule.
    unknown
        Of these without a known outcome: left out.
    without_members
        Outlined ones in which nothing was found: left out.
    without_finding
        What the density rule forms where nothing is annotated: left out.
    """

    outlined: int = 0
    formed: int = 0
    unknown: int = 0
    without_members: int = 0
    without_finding: int = 0

    def plus(self, other: ClusterCounts) -> ClusterCounts:
        """Return the counts of both."""
        both = {name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__}
        return ClusterCounts(**both)


class Slices(Record, frozen=True, kw_only=True):
    """Slices of all volumes, those without an object and those that could not be read."""

    total: int
    without_objects: int
    quarantined: int


class Extraction(Record, frozen=True, kw_only=True):
    """How volumes were measured; spacings are (smallest, largest), in mm.

    *contents* are digests of the pixels of every volume, sorted.
    """

    settings_keys: tuple[str, ...]
    settings: Settings | None
    pixel_spacing_mm: tuple[float, float] | None
    slice_spacing_mm: tuple[float, float] | None
    contents: tuple[str, ...] = ()


class DatasetDoubt(Record, frozen=True, kw_only=True):
    """What may be wrong with a data set as a whole, or with a column of a table.

    Attributes
    ----------
    code
        A number that may stand for no value; patients who are numbered like rows, or called like
        volumes, so that nothing is grouped; rows that show one patient in several views;
        volumes that are simulated by their site or maker; calcifications on slices beside those
        that they are best seen on.
    column
        Of the table, where the doubt is about one.
    values
        Numbers of the sentence: ``value`` and ``cells``, ``patients``, ``volumes``, or
        ``findings``, those ``beside`` and their ``side``, 1 for later slices.
    """

    code: Literal[
        "code_for_none",
        "patients_numbered",
        "patients_as_volumes",
        "several_views",
        "simulated",
        "slices_beside",
    ]
    column: str = ""
    values: dict[str, float] = msgspec.field(default_factory=dict)


class QualityAccount(Account, frozen=True, kw_only=True):
    """The account of a data set.

    Attributes
    ----------
    source
        ``phantom``, ``volumes`` or ``table``.
    rows, candidates
        Rows of the table; a candidate has one per slice.
    volumes, patients, sites
        Of the data; ``…_with_candidate``: those that a candidate was found in.
    columns
        Gaps of every feature.
    without_duplicates, after_removal
        What is left without duplicates, and what is used.
    removed_duplicates
        Candidates dropped because they are equal to an earlier one of their patient.
    annotations, slices, extraction
        Of volumes; None for a table.
    clusters
        Where rows are clusters; else None.
    unlabelled_dropped
        Rows of a table that had no label.
    other_labels_dropped
        Rows of a table whose label is of neither class.
    doubts, doubtful_volumes
        What is doubtful about volumes, and how many of them have a doubt.
    dataset_doubts
        What is doubtful about all of it, or about a column of a table.
    """

    source: str
    rows: int
    candidates: int
    volumes: int
    patients: int
    sites: int
    volumes_with_candidate: int
    patients_with_candidate: int
    sites_with_candidate: int
    positives: int
    prevalence: float
    columns: dict[str, Gaps]
    imputed: tuple[Imputed, ...]
    duplicates: Repeats
    without_duplicates: Classes
    after_removal: Classes
    conflicting_labels: Conflicts
    removed_duplicates: int
    annotations: Annotated | None = None
    slices: Slices | None = None
    extraction: Extraction | None = None
    clusters: ClusterCounts | None = None
    unlabelled_dropped: int = 0
    other_labels_dropped: int = 0
    doubts: tuple[DoubtCount, ...] = ()
    doubtful_volumes: int = 0
    dataset_doubts: tuple[DatasetDoubt, ...] = ()
