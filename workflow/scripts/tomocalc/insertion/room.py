"""Where in a breast there is room: away from skin, faces, annotations and what is there already."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tomocalc.dataset.masks import Opened, placed
from tomocalc.errors import fault
from tomocalc.image.breast import Breast, find_breast
from tomocalc.insertion.patches import Footprint
from tomocalc.phantom.acquisition import Ellipsoid
from tomocalc.phantom.settings import Geometry
from tomocalc.readers.volume import Volume
from tomocalc.sections import Finding

SKIN_ROOM_MM = 1.0
"""Least distance of an object's surroundings to the skin."""
CLEAR_MM = 1.0
"""Least distance of what changes to an annotated finding, and of two groups to each other."""
DEPTHS = (0.2, 0.5, 0.8)
"""Where in the volume the breast is looked at, as shares of the slices."""


@dataclass(frozen=True)
class Region:
    """A box that must stay as it is, in mm; *depths_mm* None: on every slice."""

    depths_mm: tuple[float, ...] | None
    rows_mm: tuple[float, float]
    columns_mm: tuple[float, float]


def annotated_regions(
    volume: Volume, volume_id: str, annotations: Iterable[Finding], tolerance: int
) -> list[Region]:
    """Return where the annotations of a volume lie, of all kinds.

    Parameters
    ----------
    annotations
        Lines of the sheet that name this volume.
    tolerance
        Slices above and below an annotated one that belong to it.
    """
    header = volume.header
    known = Opened(
        volume_id, header.slices, header.slice_spacing_mm, header.turned, volume.sources()
    )
    row_mm, column_mm = header.spacing_mm
    regions = []
    for row in placed(annotations, [known]):
        if row["radius"] is not None:
            top, left = row["y"] - row["radius"], row["x"] - row["radius"]
            height = width = 2 * row["radius"]
        else:
            top, left, height, width = row["y"], row["x"], row["height"], row["width"]
        slices = row.get("mask_slices") or ([] if row["slice"] is None else [row["slice"]])
        near = sorted({index + step for index in slices for step in (-tolerance, 0, tolerance)})
        depths = tuple(index * header.slice_spacing_mm for index in near) or None
        regions.append(
            Region(
                depths,
                (top * row_mm, (top + height) * row_mm),
                (left * column_mm, (left + width) * column_mm),
            )
        )
    return regions


@dataclass(eq=False)
class Room:
    """The breast of one volume, and what must be kept clear of.

    Attributes
    ----------
    breasts
        Index of a slice and the breast there, some slices from top to bottom.
    air
        Grey value outside the breast.
    regions
        Annotated findings: nothing may change in them.
    taken
        Where the groups lie that are there already.
    """

    geometry: Geometry
    breasts: list[tuple[int, Breast]]
    air: float
    regions: list[Region]
    taken: list[Footprint] = field(default_factory=list)

    def inside(self, position: NDArray[np.float64], margin: float) -> bool:
        """Return whether a position (z, y, x) in mm lies in the breast with a margin in mm."""
        geometry = self.geometry
        pixel, step = geometry.pixel_spacing_mm, geometry.slice_spacing_mm
        row, column = position[1:] / pixel
        edge = margin / pixel
        if not (edge <= row <= geometry.rows - 1 - edge):
            return False
        if not (edge <= column <= geometry.columns - 1 - edge):
            return False
        height = position[0] + step / 2
        # The faces need less room than the skin, or thin breasts would have none.
        face = min(margin, geometry.thickness_mm / 4) if geometry.slices > 1 else 0.0
        if not face <= height <= geometry.thickness_mm - face:
            return False
        _, breast = min(self.breasts, key=lambda known: abs(known[0] * step - position[0]))
        depth = breast.at(breast.depth, np.array(row), np.array(column)) * pixel
        return bool(depth > margin + SKIN_ROOM_MM)

    def covers_annotated(self, bodies: list[Ellipsoid]) -> bool:
        """Return whether *bodies* would change pixels in or near an annotated finding."""
        footprint = Footprint.of(bodies, self.geometry)
        return any(self._touches(footprint, region) for region in self.regions)

    def _touches(self, footprint: Footprint, region: Region) -> bool:
        if not _overlap(footprint.columns_mm, region.columns_mm):
            return False
        depths = self.geometry.depths_mm + self.geometry.middle_mm
        chosen = depths if region.depths_mm is None else region.depths_mm
        return any(_overlap(footprint.rows_mm(float(one)), region.rows_mm) for one in chosen)

    def takes(self, bodies: list[Ellipsoid]) -> bool:
        """Remember where *bodies* lie, unless, seen from above, another group lies there."""
        mine = Footprint.of(bodies, self.geometry)
        free = not any(
            all(_overlap(mine.along(axis), other.along(axis)) for axis in (1, 2))
            for other in self.taken
        )
        if free:
            self.taken.append(mine)
        return free


def _overlap(one: tuple[float, float], two: tuple[float, float]) -> bool:
    """Return whether two intervals come within `CLEAR_MM` of each other."""
    return one[0] - CLEAR_MM <= two[1] and two[0] - CLEAR_MM <= one[1]


def look(volume: Volume, where: str) -> tuple[list[tuple[int, Breast]], float]:
    """Find the breast on some slices, and the grey value of air.

    Raises
    ------
    TomocalcError
        ``E211`` when none of these slices shows anything.

    Returns
    -------
    list, float
        Index of a slice and the breast there; the median outside the breast of the middle one, or
        the least value where the breast fills the image.
    """
    header = volume.header
    indices = sorted({round(share * (header.slices - 1)) for share in DEPTHS})
    breasts: list[tuple[int, Breast]] = []
    airs: list[float] = []
    flat = True
    for index in indices:
        image = volume.read(index)
        flat = flat and image.min() == image.max()
        breast = find_breast(image, header.spacing_mm)
        outside = image[~breast.pixels((header.rows, header.columns))]
        airs.append(float(np.median(outside)) if outside.size else float(image.min()))
        breasts.append((index, breast))
    if flat:
        raise fault(
            "no_breast", where, f"slice {', '.join(map(str, indices))} has one value everywhere"
        )
    return breasts, airs[len(airs) // 2]
