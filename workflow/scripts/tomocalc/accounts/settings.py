"""The settings of image processing, and the part of them that decides what a shard holds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, get_type_hints

from tomocalc.sections import CandidatesSection, ImageSection


def compared_generator(compare: str, *, in_silico: bool) -> str | None:
    """Return the generator that runs for comparison alone, or None.

    Parameters
    ----------
    compare
        ``candidates.compare`` of the configuration: ``auto`` is the paper's chain on phantoms,
        of which all is known that there is to find, and none elsewhere.
    in_silico
        Whether the volumes are phantoms.
    """
    if compare == "auto":
        return "paper" if in_silico else None
    return None if compare == "none" else compare


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides which candidates are found and how they are measured.

    Attributes
    ----------
    measure_on
        ``normalised`` or ``equalised``: the image on which features are measured.
    blur_sigma_mm
        Standard deviation of the Gaussian of the ``paper`` generator.
    generator
        ``local``, ``paper`` or ``learned``.
    threshold_k
        ``local``: standard deviations of the local noise that a spot stands out; ``learned``: keeps
        about as many objects as ``local`` would.
    min_diameter_mm, max_diameter_mm
        ``local``: smallest circle of equal area, and largest side of the bounding box.
    max_per_slice
        More objects than this are cut, strongest first, and the slice is flagged.
    link_radius_mm
        Objects of neighbouring slices closer than this can be one candidate.
    texture
        Whether the texture around candidates is measured.
    sequence_slices
        Consecutive slices around the best focus that are measured.
    """

    measure_on: str
    blur_sigma_mm: float
    texture: bool
    generator: str
    threshold_k: float
    min_diameter_mm: float
    max_diameter_mm: float
    max_per_slice: int
    link_radius_mm: float
    sequence_slices: int

    @classmethod
    def from_config(
        cls, image: ImageSection, candidates: CandidatesSection, sequence_slices: int
    ) -> Settings:
        """Take what matters from the sections ``image`` and ``candidates``.

        Raises
        ------
        KeyError
            For a setting that is missing, as in the card of a model from another version.
        """
        values = {**image, **candidates, "sequence_slices": sequence_slices}
        kinds = get_type_hints(cls)  # a length of 4 is one of 4.0: equal settings, equal keys
        return cls(**{name: kind(values[name]) for name, kind in kinds.items()})

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as plain values."""
        return asdict(self)
