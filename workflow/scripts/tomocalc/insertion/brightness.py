"""How bright objects become, settled by the tissue in which they lie."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tomocalc.accounts.insertion import Body, Group, InsertedObject, InsertionPlan
from tomocalc.insertion.drawing import Drawn, InsertionSettings
from tomocalc.insertion.patches import make_patch
from tomocalc.insertion.room import Room
from tomocalc.phantom.acquisition import Ellipsoid
from tomocalc.phantom.settings import Geometry
from tomocalc.readers.volume import Volume

TISSUE = 0.05
"""Mean attenuation (1/mm) that the grey value of tissue is taken for where no gain is known; what
is put in has the wanted contrast whatever it is."""
RING_MM = 1.5
"""Radius around an object in which the grey value and its deviation are taken."""
ROUNDS = 3
"""Corrections of the attenuations until peaks are as wanted; each leaves a tenth of the error."""


def bodies_of(drawn: Sequence[Drawn]) -> list[Ellipsoid]:
    """Return the bodies of all objects."""
    return [body for one in drawn for body in one.finding.bodies]


class SettledGroup:
    """A group of objects in its place: their brightness is settled by the tissue there."""

    def __init__(
        self,
        volume: Volume,
        room: Room,
        plan: InsertionPlan,
        settings: InsertionSettings,
        drawn: list[Drawn],
    ) -> None:
        self._geometry, self._drawn = room.geometry, drawn
        self._focus = [room.geometry.slice_at(one.finding.centre_mm[0]) for one in drawn]
        self._images = images = {index: volume.read(index) for index in sorted(set(self._focus))}
        ring = RING_MM / room.geometry.pixel_spacing_mm
        around = [
            images[index][_about(one, images[index], room.geometry, ring)].astype(np.float64)
            for one, index in zip(drawn, self._focus, strict=True)
        ]
        self._mean = np.array([values.mean() for values in around]) - room.air
        self._deviation = np.array([values.std() for values in around])
        self._plan = plan
        self.gain = settings.gain or float(max(self._mean.mean(), 1.0)) / TISSUE
        if settings.gain is None:
            self._make_relative()

    def _make_relative(self) -> None:
        """Scale attenuations until peaks have the wanted contrast, all objects together.

        A peak brighter than the image's values allow is lowered to what they allow.
        """
        wanted = np.array([one.contrast for one in self._drawn]) * np.maximum(self._mean, 1.0)
        wanted = np.minimum(
            wanted, np.maximum(self._plan.highest - self._plan.air - self._mean, 1.0)
        )
        for _ in range(ROUNDS):
            factors = wanted / np.maximum(self._peaks(), 1e-3 * wanted)
            self._drawn = [
                _scaled(one, float(factor))
                for one, factor in zip(self._drawn, factors, strict=True)
            ]

    def _peaks(self, *, as_stored: bool = False) -> NDArray[np.float64]:
        """Return every object's peak on its slice of best focus, in stored values, (object,).

        With *as_stored* it is rounded, and cut off at the brightest value, as the slice is.
        """
        chosen = sorted(set(self._focus))
        patch = make_patch(bodies_of(self._drawn), self._geometry, chosen)
        patch = replace(patch, values=patch.values * np.float32(self.gain))
        peaks = []
        for one, index in zip(self._drawn, self._focus, strict=True):
            image = self._images[index]
            plane = np.zeros(image.shape, np.float32)
            patch.add_to(plane, chosen.index(index))
            pixels = _about(one, image, self._geometry, 1)
            added = plane[pixels]
            if as_stored:
                stored = image[pixels]
                added = np.clip(np.rint(stored + added), 0, self._plan.highest) - stored
            peaks.append(float(added.max()))
        return np.array(peaks)

    def settled(self, stored: list[int]) -> Group:
        """Return the group as it is written; *stored*: a slice's number for annotations."""
        peaks, pixel = self._peaks(as_stored=True), self._geometry.pixel_spacing_mm
        objects = []
        for number, one in enumerate(self._drawn):
            finding, focus = one.finding, self._focus[number]
            z, y, x = (round(float(edge), 5) for edge in finding.centre_mm)
            level, noise = max(self._mean[number], 1.0), max(self._deviation[number], 1e-6)
            objects.append(
                InsertedObject(
                    kind=finding.kind,
                    cluster=finding.cluster,
                    shape=one.shape,
                    diameter_mm=round(finding.diameter_mm, 4),
                    centre_mm=(z, y, x),
                    x=round(x / pixel, 3),
                    y=round(y / pixel, 3),
                    slice=focus,
                    stored_slice=stored[focus],
                    contrast=round(float(peaks[number] / level), 5),
                    contrast_to_noise=round(float(peaks[number] / noise), 4),
                    bodies=tuple(map(_body, finding.bodies)),
                )
            )
        return Group(gain=self.gain, objects=tuple(objects))


def _about(
    one: Drawn, image: NDArray[Any], geometry: Geometry, room_px: float
) -> tuple[NDArray[np.intp], ...]:
    """Return rows and columns of *image* where an object lies and *room_px* around it."""
    _, y, x = one.finding.centre_mm / geometry.pixel_spacing_mm
    reach = one.finding.diameter_mm / 2 / geometry.pixel_spacing_mm + room_px
    top, left = max(int(y - reach), 0), max(int(x - reach), 0)
    square = np.indices(image[top : int(y + reach) + 2, left : int(x + reach) + 2].shape)
    square += np.array([top, left])[:, None, None]
    near = np.hypot(square[0] - y, square[1] - x) <= reach
    return tuple(square[:, near])


def _scaled(one: Drawn, factor: float) -> Drawn:
    finding = one.finding
    bodies = tuple(replace(body, attenuation=body.attenuation * factor) for body in finding.bodies)
    return replace(one, finding=replace(finding, bodies=bodies))


def _body(body: Ellipsoid) -> Body:
    z, y, x = (float(edge) for edge in body.centre_mm)
    first, second, third = (float(radius) for radius in body.radii_mm)
    turn: Any = tuple(float(value) for value in body.turn.ravel())
    return Body(
        centre_mm=(z, y, x),
        radii_mm=(first, second, third),
        turn=turn,
        attenuation=float(body.attenuation),
    )
