"""A scored volume as DICOM presentation state: circles and probabilities over the images.

Viewers that draw no structured reports draw these (PS3.3 A.33.1).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import highdicom as hd
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.dicom_output.identity import DATE, TIME, settled
from tomocalc.dicom_output.objects import MAKER, Drawn, ScoredVolume, Wording, instance

MARK, CLUSTER = hd.color.CIELabColor(97, -22, 94), hd.color.CIELabColor(74, 24, 78)
"""Yellow of a mark and orange of a cluster, on grey tissue."""

EVERY_VALUE = hd.pr.SoftcopyVOILUTTransformation(window_center=2**15, window_width=2**16)

PIXEL = hd.pr.AnnotationUnitsValues.PIXEL
DISPLAY, TOP = hd.pr.AnnotationUnitsValues.DISPLAY, (0.0, 0.0, 1.0, 0.08)
"""Where remarks stand, in shares of what is displayed."""

CIRCLE = hd.pr.GraphicTypeValues.CIRCLE
NOTE_PX = (60, 20)
"""Width and height of the box of a probability."""


def presentation_bytes(scored: ScoredVolume) -> bytes:
    """Return a Grayscale Softcopy Presentation State of the flagged marks and the clusters.

    The marks are those that the report lists; remarks are written on every slice that has one.

    Notes
    -----
    Marks, clusters and remarks are a layer each, so that a viewer can hide one. Rescaling, window
    and polarity are those of the source's header where it has them: a presentation state replaces
    what the image says of them (PS3.4 N.2).
    """
    identity, manifest, words = scored.identity, scored.manifest, scored.words
    layers = [
        hd.pr.GraphicLayer("REMARKS", 3, "What to know of the marks", MARK),
        hd.pr.GraphicLayer("CLUSTERS", 1, "Clusters of candidates", CLUSTER),
        hd.pr.GraphicLayer("CANDIDATES", 2, words.description, MARK),
    ]
    graphics: dict[tuple[str, int], list[hd.pr.GraphicObject]] = defaultdict(list)
    texts: dict[tuple[str, int], list[hd.pr.TextObject]] = defaultdict(list)
    for one in scored.drawn():
        key = (layers[2 if one.count is None else 1].GraphicLayer, one.slice)
        tracked = identity.uid("tracking", one.name)
        graphics[key].append(
            hd.pr.GraphicObject(
                CIRCLE, one.points, PIXEL, tracking_id=one.name, tracking_uid=tracked
            )
        )
        if note := _note(one, words):
            box = _box(one.points, manifest)
            texts[key].append(hd.pr.TextObject(note, PIXEL, bounding_box=box))
    if scored.remarks:
        said = hd.pr.TextObject(" ".join(scored.remarks), DISPLAY, bounding_box=TOP)
        for index in {key[1] for key in graphics} or {manifest.slices // 2}:
            texts[layers[0].GraphicLayer, index].append(said)
    named = {layer.GraphicLayer: layer for layer in layers}
    annotations = []
    for layer, index in sorted({*texts, *graphics}):
        image, frame = identity.image_of(index)
        annotations.append(
            hd.pr.GraphicAnnotation(
                [image],
                named[layer],
                referenced_frame_number=frame,
                graphic_objects=graphics.get((layer, index)),
                text_objects=texts.get((layer, index)),
            )
        )
    shown = identity.images[0]
    window = _window(shown)
    inverse = shown.get("PhotometricInterpretation") == "MONOCHROME1"
    made = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=list(identity.images),
        **instance(identity, "presentation", 903),
        manufacturer_model_name=MAKER,
        software_versions=scored.version,
        device_serial_number="1",
        content_label="CANDIDATES",
        content_description=words.description,
        series_description=words.description,
        graphic_annotations=annotations or None,
        graphic_layers=layers if annotations else None,
        modality_lut_transformation=_rescaling(shown),
        voi_lut_transformations=[window or EVERY_VALUE],  # highdicom would look for one itself
        presentation_lut_transformation=hd.PresentationLUTTransformation(
            presentation_lut_shape="INVERSE" if inverse else "IDENTITY"
        ),
    )
    if window is None:
        del made.SoftcopyVOILUTSequence
    made.Laterality = manifest.laterality
    made.PresentationCreationDate, made.PresentationCreationTime = DATE, TIME
    return settled(made)


def _note(one: Drawn, words: Wording) -> str:
    """Return what stands beside a circle: a cluster's members, or else what is judged of it."""
    if one.count is not None and words.of_marks:
        return str(one.count)
    return "" if one.probability is None else f"{one.probability:.2g}"


def _rescaling(image: Dataset) -> hd.ModalityLUTTransformation:
    """Return the image's rescaling; without one values stay as they are stored.

    Left out, highdicom would look for one itself, which it cannot in several multi-frame files.
    """
    return hd.ModalityLUTTransformation(
        rescale_slope=float(image.get("RescaleSlope", 1)),
        rescale_intercept=float(image.get("RescaleIntercept", 0)),
        rescale_type=str(image.get("RescaleType") or "US"),
    )


def _window(image: Dataset) -> hd.pr.SoftcopyVOILUTTransformation | None:
    if "WindowCenter" not in image or "WindowWidth" not in image:
        return None
    return hd.pr.SoftcopyVOILUTTransformation(
        window_center=_first(image.WindowCenter),
        window_width=_first(image.WindowWidth),
        voi_lut_function=image.get("VOILUTFunction"),
    )


def _first(value: Any) -> float:
    """Return the first of several windows, which is the one that viewers open with."""
    return float(value[0] if isinstance(value, Sequence) else value)


def _box(
    points: NDArray[np.float64], manifest: VolumeManifest
) -> tuple[float, float, float, float]:
    """Return the box of a note beside a circle: right of it where there is room, else left."""
    (x, y), radius = points[0], abs(points[1, 0] - points[0, 0])
    width, height = (
        min(a, b) for a, b in zip(NOTE_PX, (manifest.columns, manifest.rows), strict=True)
    )
    left = x + radius if x + radius + width <= manifest.columns else max(x - radius - width, 0)
    top = min(max(y - height / 2, 0), manifest.rows - height)
    return float(left), float(top), float(left + width), float(top + height)
