"""What is known of a volume before its pixels are read, and the rule that makes them 16 bits."""

import contextlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.doubts import doubt_sentence
from tomocalc.errors import fault
from tomocalc.readers.geometry import Geometry
from tomocalc.readers.plane import Origin, Plane


@dataclass(frozen=True, kw_only=True)
class VolumeHeader(Geometry, Origin):
    """What is known of a volume; its doubts, as far as headers and three of its slices tell."""

    slices: int
    rows: int
    columns: int
    dtype: str
    """Of the arrays that `Volume.read` returns: ``uint8`` or ``uint16``."""
    bits: int
    """Values lie in 0 .. 2**bits - 1."""
    turned: bool = False
    """Both in-plane axes are reversed, to repair a side that disagreed with the sheet."""
    outside: float | None = None
    """Value of a bright outside that no header calls padding."""
    frame_px: int = 0
    """Width of a frame that is drawn around the slices."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """The doubts in words."""
        return tuple(doubt_sentence(doubt) for doubt in self.doubts)

    def shown(self) -> dict[str, object]:
        """Return what a volume shows of itself where it is typed."""
        return {
            "slices": self.slices,
            "size": (self.rows, self.columns),
            "spacing_mm": self.spacing_mm,
            "slice_spacing_mm": self.slice_spacing_mm if self.slices > 1 else None,
            "breast": " ".join(filter(None, (self.laterality, self.view))) or None,
            "dtype": self.dtype,
            "doubts": ", ".join(doubt.code for doubt in self.doubts) or None,
        }


DIRECT = {"uint8", "uint16"}
LARGEST = 65535
SMOOTHER = 0.5
"""Roughness of exchanged bytes, as a share of that of the bytes as read."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """``round((value - low) * factor)``, from 0 to 65535 over the volume."""

    low: float
    factor: float

    def apply(
        self, image: NDArray[Any], padding: NDArray[np.bool_] | None, where: str
    ) -> NDArray[np.uint16]:
        """Map *image*, (row, column), to ``uint16``; order is kept, ties within one step may form.

        What stands in *padding* does not matter.

        Raises
        ------
        TomocalcError
            ``E206`` when a value is NaN or infinite.
        """
        with np.errstate(invalid="ignore"):  # a NaN may signal; it is named below
            scaled = image.astype(np.float64)
        if padding is not None:
            scaled[padding] = self.low
        if image.dtype.kind == "f":
            _check_finite(scaled, where)
        scaled -= self.low
        scaled *= self.factor
        return np.rint(scaled, out=scaled).clip(0, LARGEST, out=scaled).astype(np.uint16)


def find_scale(planes: list[Plane]) -> Scale | None:
    """Return the scale of a volume, or None when its values are 8 or 16 bits already.

    Smallest and largest value of the volume become 0 and 65535; integers that span less are only
    shifted, and not even that where they fit, so nothing is lost. Every slice is decoded once for
    that, one at a time. Slices that cannot be decoded, or hold NaN or infinity, do not take part:
    reading them raises.
    """
    if all(plane.dtype in DIRECT for plane in planes):
        return None
    low, high, padded = np.inf, -np.inf, False
    for plane in planes:
        with contextlib.suppress(Exception):
            image, padding, _ = plane.decode()
            padded |= padding is not None
            values = image if padding is None else image[~padding]
            smallest, largest = float(values.min()), float(values.max())
            if np.isfinite(smallest) and np.isfinite(largest):
                low, high = min(low, smallest), max(high, largest)
    if not low < high:
        return Scale(low=low if np.isfinite(low) else 0.0, factor=0.0)
    if not np.isfinite(high - low):
        raise fault(
            "values_beyond_scale", planes[0].where, f"they lie between {low:.3g} and {high:.3g}"
        )
    if padded:  # there may be no air beside the padding: it needs room below tissue
        low -= high - low
    factor = LARGEST / (high - low)
    integers = all(np.dtype(plane.dtype).kind in "iu" for plane in planes)
    if integers and low >= 0 and high <= LARGEST:
        return Scale(low=0.0, factor=1.0)
    return Scale(low=low, factor=min(1.0, factor) if integers else factor)


def _check_finite(image: NDArray[Any], where: str) -> None:
    count = int(image.size - np.count_nonzero(np.isfinite(image)))
    if count:
        raise fault(
            "values_not_numbers", where, f"{count} of {image.size} pixels are NaN or infinite"
        )


def is_swapped(image: NDArray[Any]) -> bool:
    """Return whether values would be far smoother with their two bytes exchanged."""
    if image.dtype != np.uint16 or float(image.std()) == 0:
        return False

    def roughness(values: NDArray[Any]) -> float:
        found = values.astype(np.float32)
        return float(np.abs(np.diff(found, axis=1)).mean() / max(float(found.std()), 1e-9))

    return roughness(image.byteswap()) < SMOOTHER * roughness(image)
