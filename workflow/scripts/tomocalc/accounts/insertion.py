"""What is put into volumes, where and how bright: ``insertion/BATCH.json``."""

from collections.abc import Iterable
from typing import Literal

from tomocalc.accounts.base import Account, Record
from tomocalc.accounts.doubts import Doubt

AngleSource = Literal["header", "setting", "fitted"]


class Motion(Record, frozen=True, kw_only=True):
    """How the tube moved while a volume was acquired.

    Attributes
    ----------
    half_angle_deg
        Half the angle that it moved through.
    projections
        X-ray projections; where the header does not say, as configured.
    source
        Where the angle comes from.
    fitted_deg, misfit
        The angle that the slices themselves show, and the root-mean-square difference of their
        coherence from that of this angle (0..1); None where too few slices tell.
    """

    half_angle_deg: float
    projections: int
    source: AngleSource
    fitted_deg: float | None
    misfit: float | None


class Body(Record, frozen=True, kw_only=True):
    """A homogeneous ellipsoid, as `tomocalc.phantom.acquisition.Ellipsoid`; *turn* row by row."""

    centre_mm: tuple[float, float, float]
    radii_mm: tuple[float, float, float]
    turn: tuple[float, float, float, float, float, float, float, float, float]
    attenuation: float


class InsertedObject(Record, frozen=True, kw_only=True):
    """One object and where it lies in the images.

    Attributes
    ----------
    kind
        ``calcification``, or what a distractor is.
    cluster
        Number of a calcification's cluster in its volume, from 1.
    shape
        ``round``, ``irregular``, ``rod`` or ``branching``; of a distractor its kind.
    diameter_mm
        Largest extent.
    x, y
        Column and row of the centre, in pixels.
    slice
        Of best focus, in the volume's order.
    stored_slice
        The same by the number that a sheet of annotations uses.
    contrast
        Peak on that slice over the mean grey value around it, both above that of air.
    contrast_to_noise
        Peak over the standard deviation of the image around it.
    """

    kind: str
    cluster: int | None
    shape: str
    diameter_mm: float
    centre_mm: tuple[float, float, float]
    x: float
    y: float
    slice: int
    stored_slice: int
    contrast: float
    contrast_to_noise: float
    bodies: tuple[Body, ...]


class Group(Record, frozen=True, kw_only=True):
    """Objects that are projected and reconstructed together: a cluster, or one distractor.

    *gain* is stored values per 1/mm of mean attenuation.
    """

    gain: float
    objects: tuple[InsertedObject, ...]


class InsertionPlan(Record, frozen=True, kw_only=True):
    """All that is put into one volume.

    Attributes
    ----------
    slices, rows, columns, pixel_spacing_mm, slice_spacing_mm
        Of the volume that it was planned for.
    air
        Grey value outside the breast; pixels that are no brighter stay as they are.
    highest
        Largest value that its pixels can have.
    linear
        Whether contrast follows from attenuation by a known gain; else it is relative.
    doubts
        About the tube's motion.
    """

    volume_id: str
    slices: int
    rows: int
    columns: int
    pixel_spacing_mm: float
    slice_spacing_mm: float
    air: float
    highest: int
    linear: bool
    motion: Motion
    doubts: tuple[Doubt, ...]
    groups: tuple[Group, ...]


class Insertions(Account, frozen=True, kw_only=True):
    """The volumes of one batch, sorted by their id."""

    volumes: tuple[InsertionPlan, ...]

    @classmethod
    def plans(cls, paths: Iterable[str]) -> dict[str, InsertionPlan]:
        """Return what is put into every volume of the batches whose accounts are in *paths*."""
        return {plan.volume_id: plan for path in paths for plan in cls.read(path).volumes}
