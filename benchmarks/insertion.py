"""Calcifications put into volumes: beside their direct simulation, and on real slices.

python benchmarks/insertion.py [--slices FOLDER] [--volumes N]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from measuring import head, row
from numpy.typing import NDArray
from PIL import Image
from telling_apart import cross_validated, described

from support.phantoms import SETTINGS, breast
from tomocalc.accounts.insertion import InsertedObject, InsertionPlan
from tomocalc.insertion.drawing import InsertionSettings
from tomocalc.insertion.layer import InsertedVolume
from tomocalc.insertion.motion import find_motion
from tomocalc.insertion.patches import (
    Footprint,
    ellipsoids,
    geometry_of,
    make_patch,
    stored_patch,
)
from tomocalc.insertion.planning import plan_insertion
from tomocalc.insertion.room import look
from tomocalc.phantom.acquisition import Detector, Finding, add_bodies, blur, reconstruct
from tomocalc.phantom.anatomy import build_breast, patient_style
from tomocalc.phantom.dicom import dicom_bytes, image_dataset
from tomocalc.phantom.settings import Settings, stream
from tomocalc.phantom.volume import BITS, GAIN, acquire
from tomocalc.readers.volume import Volume, open_volume

PUT_IN = InsertionSettings(
    clusters=(1, 2),
    diameter_mm=(0.13, 1.5),
    contrast=(0.1, 1.0),
    gain=None,
    distractors=3.0,
    half_angle_deg=None,
    projections=15,
)
SMALL = replace(SETTINGS, rows=256, columns=192, slices=12)
WIDE = 25.0
"""Half angle of the volumes that are said to have 15 degrees."""
ALIKE_MM = (0.35, 0.45)
"""Diameters of the calcifications that it is shown."""
DBT_MM, DBT_HALF_ANGLE = 0.085, 7.5
NEAR, HALF_A_VALUE = 0.05, 0.501
"""A contrast is read back right within the first, as a share, or within rounding."""


def stored(name: str, findings: list[Finding], settings: Settings, *, noisy: bool = True) -> Any:
    """Simulate a breast with findings."""
    breast = build_breast(1, name, patient_style(1, name), settings)
    noise = stream(1, name, "noise") if noisy else None
    return acquire(breast, findings, laterality="L", settings=settings, noise=noise).stored


def opened(folder: Path, name: str, pixels: NDArray[np.uint16], settings: Settings) -> Volume:
    """Write slices as DICOM, and open them."""
    image = image_dataset(pixels, breast(name), seed=1, bits=BITS, settings=settings)
    path = folder / f"{name}.dcm"
    path.write_bytes(dicom_bytes(image))
    return open_volume(path, max_pixels=10**8, min_size=16)


def plan(volume: Volume, name: str, **change: Any) -> InsertionPlan:
    settings = replace(PUT_IN, **change)
    return plan_insertion(
        volume, volume_id=name, where=name, calcified=True, settings=settings, seed=1
    )


def findings_of(found: InsertionPlan) -> list[Finding]:
    """Return what was put in, as the phantom takes it."""
    return [
        Finding(
            one.kind,
            one.cluster,
            np.array(one.centre_mm),
            one.diameter_mm,
            tuple(ellipsoids(one.bodies)),
        )
        for group in found.groups
        for one in group.objects
    ]


def objects_of(found: InsertionPlan) -> list[InsertedObject]:
    return [one for group in found.groups for one in group.objects]


def near(shape: Sequence[int], one: InsertedObject, pixel: float, ring_mm: float = 0.0) -> Any:
    """Return which pixels of a slice lie within an object, a pixel and a ring around it."""
    rows, columns = np.indices(shape[-2:])
    reach = one.diameter_mm / 2 / pixel + (ring_mm / pixel if ring_mm else 1)
    return np.hypot(rows - one.y, columns - one.x) <= reach


def beside_simulation(folder: Path, count: int) -> None:
    """Compare peaks with those of tissue and objects simulated together, without noise."""
    ratios: dict[str, list[float]] = {"put in": [], "superposed linearly": []}
    changed, seconds = 0, list[float]()
    for number in range(count):
        name = f"near{number}"
        plain = stored(name, [], SETTINGS)
        volume = opened(folder, name, plain, SETTINGS)
        started = time.process_time()
        found = plan(volume, name, gain=GAIN)
        layer = InsertedVolume(volume, found)
        result = np.stack([layer.read(index) for index in range(len(layer))])
        seconds.append(time.process_time() - started)
        changed += int((result != plain)[~_inside(found, plain.shape)].sum())
        both = stored(name, findings_of(found), SETTINGS, noisy=False).astype(float)
        direct = both - stored(name, [], SETTINGS, noisy=False)
        linear = _linear(found)
        geometry = geometry_of(found)
        for group in found.groups:
            bodies = [body for one in group.objects for body in ellipsoids(one.bodies)]
            patch = make_patch(bodies, geometry)
            ours = np.zeros(plain.shape, np.float32)
            for index in range(len(ours)):
                patch.add_to(ours[index], index)
            for one in group.objects:
                if one.kind == "calcification":
                    where = near(plain.shape, one, SETTINGS.pixel_spacing_mm)
                    peak = direct[one.slice][where].max()
                    ratios["put in"].append(GAIN * ours[one.slice][where].max() / peak)
                    ratios["superposed linearly"].append(linear[one.slice][where].max() / peak)
    print(head("peak over that of a simulation", "median", "5 %", "95 %", "calcifications"))
    for label, values in ratios.items():
        low, middle, high = np.percentile(values, [5, 50, 95])
        print(row(label, f"{middle:.4f}", f"{low:.4f}", f"{high:.4f}", len(values)))
    print()
    print(head("cost and reach", "value"))
    print(row("values changed outside the footprints", changed))
    print(row("CPU s a demo volume, planned and read", f"{np.mean(seconds[1:]):.2f}"))
    print()


def _linear(found: InsertionPlan) -> NDArray[np.float64]:
    """Reconstruct the objects without the detector's blur of intensities."""
    detector = Detector.around(SETTINGS)
    lines = np.zeros(detector.shape, np.float32)
    add_bodies(lines, findings_of(found), detector)
    return GAIN * reconstruct(blur(lines, SETTINGS), detector, SETTINGS.depths_mm)


def _inside(found: InsertionPlan, shape: Sequence[int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, bool)
    geometry, pixel = geometry_of(found), found.pixel_spacing_mm
    for group in found.groups:
        bodies = [body for one in group.objects for body in ellipsoids(one.bodies)]
        footprint = Footprint.of(bodies, geometry)
        left, right = (round(edge / pixel) for edge in footprint.columns_mm)
        for index in range(shape[0]):
            edges = np.array(footprint.rows_mm(index * geometry.slice_spacing_mm)) / pixel
            top, bottom = int(np.floor(edges[0])), int(np.ceil(edges[1]))
            mask[index, max(top, 0) : max(bottom + 1, 0), max(left, 0) : right + 1] = True
    return mask


def angles(folder: Path, count: int) -> None:
    """Say how often a wrong angle is noticed, and a right one taken for wrong."""
    wide = replace(SMALL, half_angle_deg=WIDE)
    told = dict.fromkeys((15.0, WIDE), 0)
    fitted = list[float]()
    for number in range(count):
        name = f"angle{number}"
        volume = opened(folder, name, stored(name, [], wide), wide)
        breasts, _ = look(volume, name)
        for half in told:
            motion, doubts = find_motion(
                volume, breasts[1][1], half_angle_deg=half, projections=15, where=name
            )
            told[half] += bool(doubts)
            if half == WIDE:
                fitted.append(motion.fitted_deg or 0.0)
    print(head("half the tube's angle", "of volumes", "flagged"))
    for half, flagged in told.items():
        print(row(f"taken as {half:g}, is {WIDE:g}", count, flagged))
    low, high = np.percentile(fitted, [2.5, 97.5])
    print(row(f"fitted: {np.mean(fitted):.1f}, 95 % within {low:g} to {high:g}", count, ""))
    print()


def tell_apart(folder: Path, count: int) -> None:
    """Let a classifier tell calcifications that were put in from simulated ones.

    All are nearly of one size, so that contrast and blur have little spread of their own to hide
    in; two arms that are wrong on purpose show what the classifier would notice.
    """
    arms = {
        "put in beside simulated": (1.0, None),
        "put in 30 % brighter beside simulated": (1.3, None),
        "put in for 25 instead of 15 degrees beside simulated": (1.0, WIDE),
    }
    alike: dict[str, Any] = {"gain": GAIN, "distractors": 0.0, "diameter_mm": ALIKE_MM}
    simulated, groups = list[NDArray[Any]](), list[int]()
    ours: dict[str, list[NDArray[Any]]] = {name: [] for name in arms}
    theirs = list[int]()
    for number in range(count):
        name = f"apart{number}"
        plain = stored(name, [], SETTINGS)
        volume = opened(folder, name, plain, SETTINGS)
        found = plan(volume, name, **alike, half_angle_deg=15.0)
        if number % 2:
            cut = described(stored(name, findings_of(found), SETTINGS), objects_of(found))
            simulated += cut
            groups += [number] * len(cut)
            continue
        for label, (factor, half) in arms.items():
            how = alike | {"gain": GAIN * factor, "half_angle_deg": half or 15.0}
            layer = InsertedVolume(volume, plan(volume, name, **how))
            pixels = np.stack([layer.read(index) for index in range(len(layer))])
            ours[label] += described(pixels, objects_of(found))
        theirs += [number] * (max(map(len, ours.values())) - len(theirs))
    print(head("what is told apart", "AUROC", "calcifications", "volumes"))
    for label, cut in ours.items():
        x = np.stack([*simulated, *cut])
        y = np.r_[np.zeros(len(simulated)), np.ones(len(cut))]
        score = cross_validated(x, y, np.array([*groups, *theirs]) // 2)
        print(row(label, f"{max(score, 1 - score):.3f}", len(y), count))
    print()


def real_slices(source: Path, folder: Path) -> None:
    """Put calcifications into real slices, write them, and read their contrast back."""
    errors, exact, cut_off, off, images = list[float](), list[float](), 0, 0, 0
    for path in sorted(source.glob("*.jpg")):
        how: dict[str, Any] = {"pixel_spacing_mm": DBT_MM, "max_pixels": 10**8, "min_size": 16}
        volume = open_volume(path, **how)
        found = plan(volume, path.stem, half_angle_deg=DBT_HALF_ANGLE, distractors=0.0)
        target = folder / f"{path.stem}.png"
        Image.fromarray(InsertedVolume(volume, found).read(0)).save(target)
        after = open_volume(target, **how).read(0).astype(float)
        before = volume.read(0)
        added = np.zeros(before.shape, np.float32)
        for group in found.groups:
            stored_patch(group, geometry_of(found)).add_to(added, 0)
        images += 1
        for one in objects_of(found):
            inside = near(before.shape, one, DBT_MM)
            level = before[near(before.shape, one, DBT_MM, 1.5)].mean() - found.air
            cut = bool(after[inside].max() >= found.highest)
            cut_off += cut
            peak, wanted = float((after - before)[inside].max()), float(added[inside].max())
            errors.append(peak / level / one.contrast - 1)
            exact.append(abs(peak / wanted - 1))
            off += not cut and exact[-1] > NEAR and abs(peak - wanted) > HALF_A_VALUE
    away = np.abs(errors)
    print(head("contrast read back from real slices", "value"))
    print(row("slices", images))
    print(row("calcifications", len(errors)))
    print(row("of them cut off at the brightest value", cut_off))
    print(row("median error, %", f"{100 * np.median(errors):.2f}"))
    print(row("95 % of errors below, %", f"{100 * np.percentile(away, 95):.2f}"))
    print(row("largest error, %", f"{100 * away.max():.2f}"))
    print(row("beside what was drawn, before rounding: median, %", f"{100 * np.median(exact):.2f}"))
    print(row("the same: 95 % of errors below, %", f"{100 * np.percentile(exact, 95):.2f}"))
    print(row("the same: more than 5 % and half a grey value off", off))
    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=Path, help="folder of exported slices, as JPEG")
    parser.add_argument("--volumes", type=int, default=100, help="of which angles are fitted")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        beside_simulation(folder, max(options.volumes // 10, 2))
        angles(folder, options.volumes)
        tell_apart(folder, max(options.volumes // 2, 10))
        if options.slices:
            real_slices(options.slices, folder)


if __name__ == "__main__":
    main()
