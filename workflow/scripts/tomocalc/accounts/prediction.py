"""What a released model says of a volume: ``scores.json``."""

from typing import Literal

from tomocalc.accounts.base import Account, Record
from tomocalc.accounts.doubts import Doubt

CautionCode = Literal[
    "learned_from",
    "trained_in_silico",
    "trained_on_inserted",
    "simulated_volume",
    "few_slices",
    "drift",
    "clusters_supposed",
]


class Caution(Record, frozen=True, kw_only=True):
    """What to know before the numbers are used.

    Attributes
    ----------
    code
        ``learned_from``: the volume was in the run that made the model;
        ``trained_in_silico``: the model knows phantoms only, and the volume is none;
        ``trained_on_inserted``: it has learned calcifications that were put into genuine volumes;
        ``simulated_volume``: the other way round; ``few_slices``: *count* in the volume, fewer
        than the *of* that the model reads; ``drift``: of *features*; ``clusters_supposed``: what is
        judged benign or malignant may be no cluster of calcifications.
    """

    code: CautionCode
    count: int | None = None
    of: int | None = None
    features: tuple[str, ...] = ()


class Drift(Record, frozen=True, kw_only=True):
    """How a feature of the candidates is distributed against the training's.

    Attributes
    ----------
    psi
        Population stability index over tenths of the training, half a count added to every bin.
    ks
        Largest distance of the distribution functions at the stored percentiles.
    psi_chance, ks_chance
        What this many candidates of the same distribution show.
    shift
        ``unknown`` of too few candidates; all figures are None then.
    """

    feature: str
    psi: float | None = None
    ks: float | None = None
    psi_chance: float | None = None
    ks_chance: float | None = None
    shift: Literal["none", "some", "strong", "unknown"] = "unknown"


class ClusterRule(Record, frozen=True, kw_only=True):
    """So many calcifications within this distance of one of them."""

    calcifications: int
    distance_mm: float


class JudgedCluster(Record, frozen=True, kw_only=True):
    """A cluster, numbered as in ``clusters.tsv``: its probability of malignancy, its members."""

    cluster_id: int
    probability: float
    flagged: bool
    members: int


class ScoredBy(Record, frozen=True, kw_only=True):
    """The model: its weights, the source of its training, the protocol of its split."""

    weights_sha256: str
    trained_on: str
    protocol: str | None


class VolumeScores(Account, frozen=True, kw_only=True):
    """One volume, scored.

    Attributes
    ----------
    score
        The largest probability of a candidate, 0 without any.
    threshold
        Probability from which on a candidate is flagged.
    candidates, flagged, clusters
        Their numbers.
    question
        What the model answers; of ``malignancy`` clusters are scored, and counted as candidates.
    judged
        Every cluster, of ``malignancy``.
    simulated
        Whether the volume is.
    study, content
        Of its manifest: digests by which volumes of one woman are told.
    doubts
        Of its manifest.
    """

    volume_id: str
    patient_id: str
    laterality: str
    view: str
    site: str
    slices: int
    study: str
    content: str
    score: float
    threshold: float
    candidates: int
    flagged: int
    clusters: int
    cluster_rule: ClusterRule
    simulated: bool
    model: ScoredBy
    drift: tuple[Drift, ...]
    doubts: tuple[Doubt, ...]
    cautions: tuple[Caution, ...]
    question: Literal["calcification", "malignancy"] = "calcification"
    judged: tuple[JudgedCluster, ...] = ()
