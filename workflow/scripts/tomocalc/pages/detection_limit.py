"""The pages of what is found: of what was put into these images, and by detectors side by side."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tomocalc.accounts.detection import DetectionLimit, LimitCell, LimitExample, StageLimit
from tomocalc.accounts.figures import Figure
from tomocalc.accounts.findings import Detectors, FoundBy, System
from tomocalc.comparison.catalogue import TITLES
from tomocalc.evaluation.detection_limit import CONTRASTS, DIAMETERS_MM
from tomocalc.evaluation.detectors import CHAIN
from tomocalc.evaluation.froc import RATES
from tomocalc.pages.catalogue import navigation, run_pages
from tomocalc.pages.charts import BAR, UNIT, Chart, axis, heat_map, line
from tomocalc.pages.curves import ON_FROC, SHOWN_RATE
from tomocalc.pages.frame import render_page
from tomocalc.pages.merits import few_cases
from tomocalc.pages.palette import AMBER, DARK_OF, SEQUENTIAL, SERIES
from tomocalc.pages.words import BADGES

HALF_MM = 4.0
"""Half the side of an example's picture."""
SHOWN_PX = 200
"""Side of an example's picture on the page, at least."""
STROKE_MM = (1.0, 1.7)
"""Distance of the ends of a stroke that points at an example from its middle."""
STAGES = {
    "search": "the search, in all volumes",
    "model": "search and model, in the patients of the test part",
}


def limit_page(account: DetectionLimit, pictures: Mapping[LimitExample, str]) -> str:
    """Return the page.

    Parameters
    ----------
    pictures
        ``data:`` address of every example's picture.
    """
    return render_page(
        "detection_limit",
        links=navigation("insertion/detection_limit.html", run_pages()),
        packages=("numpy", "plotly"),
        badge=BADGES["inserted"],
        account=account,
        stages=[(stage, STAGES[stage.stage], _limit_chart(stage)) for stage in account.stages],
        span=_span,
        faint=[(one, pictures[one]) for one in account.examples if one.found],
        clear=[(one, pictures[one]) for one in account.examples if not one.found],
    )


def _span(cell: LimitCell) -> tuple[str, str]:
    """Return diameter and contrast of a cell in words."""
    assert cell.diameter_mm is not None
    assert cell.contrast is not None
    low, high = cell.diameter_mm
    faint, bright = cell.contrast
    diameter = f"below {high:g}" if not low else f"{low:g} to {high:g}"
    if not faint:
        return diameter, f"below {bright:g}"
    return diameter, f"from {faint:g}" if bright is None else f"{faint:g} to {bright:g}"


def _limit_chart(stage: StageLimit) -> Chart:
    """Return recall by diameter (rows) and contrast (columns); cells without objects are empty."""
    shape = (len(DIAMETERS_MM) - 1, len(CONTRASTS))
    grid = [stage.cells[row * shape[1] : (row + 1) * shape[1]] for row in range(shape[0])]
    trace = heat_map(
        [_span(cell)[1] for cell in grid[0]],
        [_span(line[0])[0] for line in grid],
        SEQUENTIAL,
        hover="%{y} mm, contrast %{x}: %{text}<extra></extra>",
        z=[[cell.recall.value for cell in line] for line in grid],
        text=[[_written(cell) for cell in line] for line in grid],
        texttemplate="%{text}",
        zmin=0,
        zmax=1,
        xgap=2,
        ygap=2,
        colorbar=BAR,
    )
    layout = {
        "xaxis": axis("contrast: peak over the grey value around it", type="category"),
        "yaxis": axis("diameter, mm", type="category"),
    }
    narrow = {"data": [{"showscale": False, "textfont": {"size": 11}}]}
    return Chart([trace], layout, height=360, narrow=narrow)


def _written(cell: LimitCell) -> str:
    return f"{cell.found} of {cell.objects}" if cell.objects else ""


def example_picture(image: NDArray[Any], one: LimitExample, pixel_spacing_mm: float) -> str:
    """Return a square about an example as a ``data:`` address, its object in the middle.

    Parameters
    ----------
    image
        The slice with what was put in, (row, column).
    """
    half = round(HALF_MM / pixel_spacing_mm)
    padded = np.pad(image, half + 1, mode="edge")
    # In the padded slice the object's pixel lies half + 1 further on.
    y, x = round(one.y) + half + 1, round(one.x) + half + 1
    part = padded[y - half : y + half + 1, x - half : x + half + 1].astype(np.float64)
    low, high = np.percentile(part, [0.5, 99.9])
    grey = np.clip((part - low) / max(high - low, 1e-9) * 255, 0, 255).astype(np.uint8)
    scale = max(1, -(-SHOWN_PX // grey.shape[0]))
    shown = Image.fromarray(np.repeat(np.repeat(grey, scale, axis=0), scale, axis=1)).convert("RGB")
    # Strokes that point at the middle and leave it free.
    near, far = (reach_mm / pixel_spacing_mm * scale for reach_mm in STROKE_MM)
    middle, pen = shown.width / 2, ImageDraw.Draw(shown)
    for y, x in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        ends = [(middle + x * reach, middle + y * reach) for reach in (near, far)]
        pen.line(ends, fill=DARK_OF[AMBER], width=2)
    stream = io.BytesIO()
    shown.save(stream, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


NAMES = {CHAIN: "candidates and model of this run"} | TITLES
KINDS = ("calcifications", "clusters")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def detectors_page(account: Detectors, *, source: str) -> str:
    """Return the page; *source* of the run."""
    return render_page(
        "detectors",
        links=navigation("comparison/detectors.html", run_pages()),
        badge=BADGES.get(source),
        packages=("numpy", "plotly", "polars"),
        account=account,
        names=NAMES,
        figure=Figure,
        few=few_cases(account.patients_with_calcifications, "patient", "annotated calcifications"),
        rates=RATES,
        shown=[
            (kind, found, _curves(found, kind)) for kind in KINDS if (found := _of(account, kind))
        ],
    )


def _of(account: Detectors, kind: str) -> list[tuple[System, FoundBy]]:
    """Return the systems that were measured on one kind of findings."""
    pairs = [(system, getattr(system, kind)) for system in account.systems]
    return [(system, found) for system, found in pairs if found is not None]


def _curves(systems: Sequence[tuple[System, FoundBy]], kind: str) -> Chart:
    """Return one free-response curve per system."""
    data = [
        line(
            NAMES[system.name],
            [0, *found.curve.false_per_volume],
            [0, *found.curve.sensitivity],
            colour,
            dash=dash,
            width=3.0 if system.name == CHAIN else 2.0,
            hover=f"{ON_FROC}<extra>%{{fullData.name}}</extra>",
        )
        for (system, found), colour, dash in zip(systems, SERIES, DASHES, strict=False)
    ]
    layout = {
        "xaxis": axis("false marks per volume", range=[-0.2, SHOWN_RATE], zeroline=False),
        "yaxis": axis(f"share of {kind} found", **UNIT),
    }
    return Chart(data, layout, height=460)
