"""Content items of a structured report (PS3.3 C.17.3, templates of PS3.16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset

from tomocalc.dicom_output.dataset import code, item, reference
from tomocalc.dicom_output.identity import Image

Concept = tuple[str, str, str]
"""Value, coding scheme, meaning."""


def _content(relation: str, kind: str, name: Concept, **elements: Any) -> Dataset:
    return item(
        RelationshipType=relation,
        ValueType=kind,
        ConceptNameCodeSequence=[code(*name)],
        **elements,
    )


def text(relation: str, name: Concept, value: str) -> Dataset:
    """Return words."""
    return _content(relation, "TEXT", name, TextValue=value)


def unique(relation: str, name: Concept, value: str) -> Dataset:
    """Return a UID."""
    return _content(relation, "UIDREF", name, UID=value)


def coded(
    relation: str, name: Concept, value: Concept, *, below: Sequence[Dataset] = ()
) -> Dataset:
    """Return a concept, modified by the items *below* it."""
    more = {"ContentSequence": list(below)} if below else {}
    return _content(relation, "CODE", name, ConceptCodeSequence=[code(*value)], **more)


def number(name: Concept, value: float, unit: Concept) -> Dataset:
    """Return a measurement; ten digits fit into a decimal string's sixteen characters."""
    measured = item(NumericValue=f"{value:.10g}", MeasurementUnitsCodeSequence=[code(*unit)])
    return _content("CONTAINS", "NUM", name, MeasuredValueSequence=[measured])


def circle(
    name: Concept, source: Concept, points: Sequence[float], image: Image, frame: int | None
) -> Dataset:
    """Return a circle on an image.

    Parameters
    ----------
    points
        x, y of the centre and of a point on the circle; the image's top left corner is 0, 0.
    frame
        Counted from 1; None of an image that has but one.
    """
    on = {"ReferencedFrameNumber": frame} if frame is not None else {}
    selected = _content(
        "SELECTED FROM", "IMAGE", source, ReferencedSOPSequence=[reference(image, **on)]
    )
    return _content(
        "CONTAINS",
        "SCOORD",
        name,
        GraphicType="CIRCLE",
        GraphicData=list(points),
        ContentSequence=[selected],
    )


def container(name: Concept, below: Sequence[Dataset], *, template: str | None = None) -> Dataset:
    """Return a heading and the items below it, which follow a *template* of PS3.16."""
    made = _content(
        "CONTAINS",
        "CONTAINER",
        name,
        ContinuityOfContent="CONTINUOUS",
        ContentSequence=list(below),
    )
    if template is not None:
        made.ContentTemplateSequence = [
            item(MappingResource="DCMR", TemplateIdentifier=template),
        ]
    return made
