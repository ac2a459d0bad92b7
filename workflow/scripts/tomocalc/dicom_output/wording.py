"""What the DICOM objects call themselves and their figures, by the question of the model."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom.sr.coding import Code

MAKER = "tomocalc"
"""Manufacturer and name of the device that writes."""
CERTAINTY = Code("111012", "DCM", "Certainty of Finding")
CANCER = Code("111047", "DCM", "Probability of cancer")


@dataclass(frozen=True)
class Wording:
    """Words and codes of one question.

    Attributes
    ----------
    description
        Of the series and of the layer of marks; 64 characters at most.
    segment
        Of the pixels that are marked.
    figure
        What a probability is one of.
    of_marks
        Whether single marks have one: where clusters are judged, their members have none.
    """

    description: str
    segment: str
    figure: Code
    of_marks: bool


WORDING = {
    "calcification": Wording(
        "Candidates for microcalcifications (research)",
        "Microcalcification candidates",
        CERTAINTY,
        of_marks=True,
    ),
    "malignancy": Wording(
        "Clusters judged benign or malignant (research)",
        "Members of clusters called malignant",
        CANCER,
        of_marks=False,
    ),
}
