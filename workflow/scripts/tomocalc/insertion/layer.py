"""A volume with objects put into it while it is read, and the sheets that tell what they are."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.insertion import InsertedObject, InsertionPlan
from tomocalc.errors import fault
from tomocalc.files import digest
from tomocalc.insertion.patches import Patch, geometry_of, stored_patch
from tomocalc.readers.volume import Volume

TRUTH_COLUMNS = [
    "volume_id",
    "kind",
    "cluster",
    "shape",
    "x",
    "y",
    "slice",
    "diameter_mm",
    "contrast",
    "contrast_to_noise",
]
"""x and y in pixels; slice from 0, in the volume's order; contrast: peak over the grey value around
it, both above air."""


def objects_of(plan: InsertionPlan) -> Iterator[InsertedObject]:
    """Yield all objects of a volume."""
    for group in plan.groups:
        yield from group.objects


def annotation_row(plan: InsertionPlan, one: InsertedObject) -> dict[str, str | int | None]:
    """Return a calcification as a circle of at least one pixel on its slice of best focus."""
    return {
        "volume_id": plan.volume_id,
        "slice": one.stored_slice,
        "x": f"{one.x:.2f}",
        "y": f"{one.y:.2f}",
        "radius": f"{max(one.diameter_mm / 2 / plan.pixel_spacing_mm, 1):.2f}",
        "kind": one.kind,
    }


def truth_row(plan: InsertionPlan, one: InsertedObject) -> dict[str, str | int | None]:
    """Return an object as a row of the truth."""
    return {
        "volume_id": plan.volume_id,
        "kind": one.kind,
        "cluster": one.cluster,
        "shape": one.shape,
        "x": f"{one.x:.2f}",
        "y": f"{one.y:.2f}",
        "slice": one.slice,
        "diameter_mm": f"{one.diameter_mm:.3f}",
        "contrast": f"{one.contrast:.4f}",
        "contrast_to_noise": f"{one.contrast_to_noise:.2f}",
    }


class InsertedVolume(Volume):
    """A volume whose slices show what a plan puts into them.

    Patches are made when the first slice is read, and kept: a cluster takes some 30 MB in a volume
    of full size.
    """

    def __init__(self, volume: Volume, plan: InsertionPlan) -> None:
        header = replace(volume.header, doubts=(*volume.header.doubts, *plan.doubts))
        super().__init__(header=header, planes=volume.planes, scale=volume.scale)
        self._volume = volume
        self._plan = plan

    def read(self, index: int) -> NDArray[Any]:
        """Return one slice, as `Volume.read` does, with the objects in it."""
        image = self._volume.read(index)
        if not self._patches:
            return image
        added = np.zeros(image.shape, np.float32)
        for patch in self._patches:
            patch.add_to(added, index)
        added[image <= self._plan.air] = 0
        # Where nothing is added the stored value stays, to the bit.
        return np.clip(np.rint(image + added), 0, self._plan.highest).astype(image.dtype)

    def key(self, index: int) -> str:
        """Return what `Volume.key` does, and covers what is put in."""
        return hashlib.sha256(f"{self._volume.key(index)} {self._digest}".encode()).hexdigest()

    @cached_property
    def _digest(self) -> str:
        return digest(msgspec.to_builtins(self._plan))

    @cached_property
    def _patches(self) -> list[Patch]:
        geometry = geometry_of(self._plan)
        return [stored_patch(group, geometry) for group in self._plan.groups]


def putting_in(plan: InsertionPlan | None, where: str) -> Callable[[Volume], Volume]:
    """Return what puts the objects of *plan* into an opened volume; None: nothing.

    Raises
    ------
    TomocalcError
        When it is called: ``E208`` for a volume of another size than was planned for.
    """

    def put_in(volume: Volume) -> Volume:
        if plan is None:
            return volume
        header = volume.header
        if (plan.slices, plan.rows, plan.columns) != (header.slices, header.rows, header.columns):
            why = (
                f"it has {header.slices} slices of {header.rows} x {header.columns} pixels, "
                f"and had {plan.slices} of {plan.rows} x {plan.columns}"
            )
            raise fault("volume_changed_since", where, why)
        return InsertedVolume(volume, plan)

    return put_in
