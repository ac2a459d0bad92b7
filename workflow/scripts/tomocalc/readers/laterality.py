"""Which side of an image the chest wall is on, seen from the image itself.

Headers are unreliable here. A left breast is shown with its chest wall on the left edge, a right
one on the right; the edge that breast tissue touches is the brighter one, the other shows air.
This is the rule of the BCS-DBT data set's own reader, with a band instead of one column.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BAND = 0.01
"""Width of the edge bands, as a share of the columns."""
MARGIN = 0.05
"""Least difference of the bands' means, as a share of the image's range, that decides."""


def side_of(image: NDArray[Any]) -> str | None:
    """Return ``L`` or ``R`` for the breast that *image* shows, or None when it is not clear.

    Parameters
    ----------
    image
        (row, column), brighter is more attenuating.
    """
    width = max(1, round(image.shape[1] * BAND))
    left, right = float(image[:, :width].mean()), float(image[:, -width:].mean())
    # The range without the extremes: a marker or a hot pixel must not hide the breast.
    low, high = np.percentile(image[::8, ::8], (1, 99))
    if abs(left - right) <= MARGIN * float(high - low):
        return None
    return "L" if left > right else "R"


def turned(image: NDArray[Any]) -> NDArray[Any]:
    """Return *image* with both in-plane axes reversed, as the BCS-DBT reader repairs its volumes.

    A view stored upside down and mirrored is a turn of the detector by 180°; the annotations of
    that data set hold only after it.
    """
    return np.ascontiguousarray(image[::-1, ::-1])
