"""The content of a structured report, read with nothing but pydicom."""

from typing import Any

import pydicom


def circles(dataset: pydicom.Dataset) -> list[dict[str, Any]]:
    """Read identifier, frame, centre (px) and certainty (%) of every mark from the content tree."""
    found = []
    for group in items(dataset, "125007"):
        regions = [item for item in items(group, "260753009") if item.ValueType == "SCOORD"]
        if not regions:
            continue
        (certainty,) = items(group, "111012")
        image = regions[0].ContentSequence[0].ReferencedSOPSequence[0]
        x, y = regions[0].GraphicData[:2]
        found.append(
            {
                "identifier": items(group, "121106")[0].TextValue,
                "frame": int(image.get("ReferencedFrameNumber", 1)),
                "x": float(x) - 0.5,
                "y": float(y) - 0.5,
                "certainty": float(certainty.MeasuredValueSequence[0].NumericValue),
            }
        )
    return found


def items(dataset: pydicom.Dataset, code: str) -> list[pydicom.Dataset]:
    """Return the content items below *dataset* whose concept has this code."""
    found = []
    for item in dataset.get("ContentSequence", []):
        concept = item.get("ConceptNameCodeSequence")
        if concept and concept[0].CodeValue == code:
            found.append(item)
        found += items(item, code)
    return found
