"""Colour, alpha, sign, orientation: from what a file stores to one upright unsigned grey plane."""

import contextlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.doubts import Doubt
from tomocalc.errors import TomocalcError, fault
from tomocalc.readers.plane import Plane, unsupported

# 0.299, 0.587 and 0.114 in 1/65536; they add up to 65536, so grey stays exactly as it was.
RED, GREEN, BLUE = 19595, 38470, 7471
COLOURS = 3
"""Values per pixel from which on they may be colours."""
ALIKE = 2
"""Difference of channels that conversions between colour models leave in a grey picture."""


def grey(image: NDArray[Any], where: str) -> NDArray[Any]:
    """Return the luma of *image*: 0.299 R + 0.587 G + 0.114 B, rounded to the nearest integer.

    Parameters
    ----------
    image
        (row, column) or (row, column, channel) with 1 (grey), 2 (grey, alpha), 3 (RGB) or
        4 (RGB, alpha) channels.
    where
        File and slice, for messages.

    Returns
    -------
    NDArray
        (row, column), dtype of *image*.

    Raises
    ------
    TomocalcError
        ``E206`` when a pixel is not opaque.
    """
    if image.ndim == 2:
        return image
    channels = image.shape[2]
    if channels in (2, 4):
        _check_opaque(image[:, :, -1], where)
    if channels <= 2:
        return np.ascontiguousarray(image[:, :, 0])
    if image.dtype.kind == "f":
        weights = np.array((0.299, 0.587, 0.114), dtype=image.dtype)
        return image[:, :, :3] @ weights
    total = image[:, :, 0] * np.uint32(RED)
    total += image[:, :, 1] * np.uint32(GREEN)
    total += image[:, :, 2] * np.uint32(BLUE)
    total += np.uint32(1 << 15)
    total >>= np.uint32(16)
    return total.astype(image.dtype)


def coloured(image: NDArray[Any], *, neutral: int | None = None) -> float:
    """Return the share of the pixels of *image*, (row, column, channel), that are not grey.

    Parameters
    ----------
    neutral
        Value of the second and third channel where there is no colour; None: all are alike there.
    """
    if image.ndim == 2 or image.shape[2] < 3:
        return 0.0
    limit = ALIKE if image.dtype.kind in "iu" else 0
    zero = image[:, :, 0] if neutral is None else neutral
    if image.dtype.kind != "u":  # differences of signed numbers could run over
        image, zero = image.astype(np.float64), np.asarray(zero, np.float64)
    apart = [np.maximum(image[:, :, at], zero) - np.minimum(image[:, :, at], zero) for at in (1, 2)]
    return float((np.maximum(*apart) > limit).mean())


def labels(image: NDArray[Any], where: str) -> NDArray[Any]:
    """Return one number for each colour of *image*: what is grey keeps its value.

    For the labels of masks, of which luma would make dark colours one with black.

    Parameters
    ----------
    image, where
        As in `grey`.

    Raises
    ------
    TomocalcError
        ``E206`` when a pixel is not opaque, ``E203`` for colours that are no integers.
    """
    if image.ndim == 3 and image.shape[2] in (2, 4):
        _check_opaque(image[:, :, -1], where, fix="flatten it onto black, or save the alpha alone")
    if image.ndim == 2 or image.shape[2] < 3 or (image[:, :, :3] == image[:, :, :1]).all():
        return grey(image, where)
    if image.dtype.kind != "u" or image.dtype.itemsize > 2:
        raise unsupported(where, "its labels are colours of floats", "save it as grey labels")
    shift = 8 * image.dtype.itemsize
    codes = image[:, :, 0].astype(np.uint64)
    for channel in (1, 2):
        codes = codes << np.uint64(shift) | image[:, :, channel].astype(np.uint64)
    return codes


TRANSPOSED = {5, 6, 7, 8}
"""Orientations (TIFF 6.0, tag 274) whose stored rows are columns of the upright picture."""


def upright(image: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Return *image* (stored row, stored column, …) as viewers show it.

    Parameters
    ----------
    orientation
        Tag 274 of TIFF and EXIF: where the first stored row and column lie. 1 top and left, 2 top
        and right, 3 bottom and right, 4 bottom and left; 5 to 8 the same with rows and columns
        exchanged (5 left and top, 6 right and top, 7 right and bottom, 8 left and bottom).
    """
    if orientation in TRANSPOSED:
        image = image.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        image = image[::-1]
    if orientation in (2, 3, 6, 7):
        image = image[:, ::-1]
    return image


def unsigned(image: NDArray[Any]) -> NDArray[Any]:
    """Shift ``int8`` and ``int16`` by half their range, so that order is kept and nothing lost."""
    if image.dtype == np.int8:
        return image.view(np.uint8) ^ np.uint8(0x80)
    return image.view(np.uint16) ^ np.uint16(0x8000) if image.dtype == np.int16 else image


def _check_opaque(
    alpha: NDArray[Any], where: str, *, fix: str = "save it without an alpha channel"
) -> None:
    full = np.iinfo(alpha.dtype).max if alpha.dtype.kind in "iu" else 1
    count = int(np.count_nonzero(alpha != full))
    if count:
        why = f"{count} pixels are not opaque, and what lies behind them is unknown"
        raise fault("pixels_transparent", where, why, fix)


def colour_doubts(planes: list[Plane | TomocalcError]) -> list[Doubt]:
    """Return which slices hold colours; every slice that could is decoded for it."""
    shares = {}
    for index, plane in enumerate(planes):
        if isinstance(plane, Plane) and plane.channels >= COLOURS:
            with contextlib.suppress(Exception):  # said again when the slice itself is read
                shares[index] = plane.decode().coloured
    found = {index: share for index, share in shares.items() if share > 0}
    if not found:
        return []
    values = {"share": max(found.values())}
    return [Doubt(code="coloured", slices=tuple(found), values=values)]
