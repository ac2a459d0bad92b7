"""How many calcifications the candidate generators find, on phantoms and on real images.

    TOMOCALC_TEST_DATA=folder python benchmarks/detection.py [PATIENTS]

PATIENTS (20) in-silico patients with two breasts each; and, where the folder of real images is
named, mini-MIAS (`mini_mias/`, clusters outlined by circles) and slices of BCS-DBT
(`bcs_dbt_slices/`, not annotated for calcifications: spots of known visibility are put in). Beside
every recall stands the same for places that mirror the finding at the centre of the breast.
"""

import os
import resource
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import head
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

import import_dataset
from support.defaults import CONFIG  # pyright: ignore[reportMissingImports]
from support.manifests import manifest  # pyright: ignore[reportMissingImports]
from support.phantoms import breast  # pyright: ignore[reportMissingImports]
from tomocalc.accounts.detection import Recall
from tomocalc.accounts.manifest import SliceFacts
from tomocalc.accounts.settings import Settings
from tomocalc.evaluation.coverage import Coverage, SmallObjects, small
from tomocalc.image.breast import Breast, Outline, find_breast
from tomocalc.image.generators import equalise, local_objects, paper_objects
from tomocalc.image.runs import Runs
from tomocalc.image.slices import Prepared, prepare
from tomocalc.phantom.settings import Settings as PhantomSettings
from tomocalc.phantom.volume import simulate

SCHEMAS = {
    name: str(Path(__file__).parents[1] / f"workflow/schemas/{name}.schema.yaml")
    for name in ("volumes", "annotations")
}
SETTINGS = Settings.from_config(CONFIG["image"], CONFIG["candidates"], 7)
THRESHOLDS = (4.0, 4.5, 5.0, 6.0)
CASES = [("local", threshold) for threshold in THRESHOLDS] + [("paper", 0.0)]
Case = tuple[str, float]
Columns = {"slice": pl.Int64, "row": pl.Float64, "col": pl.Float64, "area_px": pl.Int64}


def search(
    slices: Iterable[NDArray[Any]], spacing_mm: float
) -> tuple[dict[Case, pl.DataFrame], Any]:
    """Search slices with every case; also return what the manifest would say, and the outline."""
    tables: dict[Case, list[pl.DataFrame]] = {case: [] for case in CASES}
    breasts: list[Breast] = []
    shape = (0, 0)
    for index, raw in enumerate(slices):
        prepared = prepare(raw, (spacing_mm, spacing_mm))
        assert prepared is not None
        for (generator, threshold), parts in tables.items():
            runs = find(raw, prepared, generator, threshold, spacing_mm)
            row, col = runs.centres()
            table = {"slice": [index] * row.size, "row": row, "col": col, "area_px": runs.area}
            parts.append(pl.DataFrame(table, schema=Columns))
        breasts.append(prepared.breast)
        shape = raw.shape
    about = manifest(
        pixel_spacing_mm=(spacing_mm, spacing_mm),
        rows=shape[0],
        columns=shape[1],
        slice_facts=tuple(
            SliceFacts(slice=index, breast_share=breast.share)
            for index, breast in enumerate(breasts)
        ),
    )
    return {case: pl.concat(parts) for case, parts in tables.items()}, (about, Outline.of(breasts))


def find(
    raw: NDArray[Any], prepared: Prepared, generator: str, threshold: float, spacing_mm: float
) -> Runs:
    if generator == "paper":
        sigma = SETTINGS.blur_sigma_mm / spacing_mm
        return paper_objects(equalise(raw, prepared.scale, sigma), SETTINGS).runs
    settings = replace(SETTINGS, threshold_k=threshold)
    spacing = spacing_mm, spacing_mm
    return local_objects(raw, prepared.breast, prepared.scale, settings, spacing).runs


def count(
    accounts: dict[Case, Coverage],
    result: tuple[dict[Case, pl.DataFrame], Any],
    findings: list[Any],
    truth: list[Any],
    *,
    patient: str,
    tolerance_mm: float,
) -> None:
    """Add a volume to the account of every case."""
    objects, (facts, outline) = result
    spacing_mm = facts.pixel_spacing_mm
    for case, account in accounts.items():
        found = SmallObjects(small(objects[case], spacing_mm), spacing_mm, tolerance_mm, 1)
        account.add_volume(objects[case], facts)
        account.add_findings(found, findings, outline, patient=patient)
        account.add_truth(found, truth, patient=patient)


def show(title: str, accounts: dict[Case, Coverage], kind: str) -> None:
    print(f"\n{title}\n")
    facts = {case: account.account() for case, account in accounts.items()}
    bins = [
        f"from {rates.above:g}" + (f" to {rates.below:g}" if rates.below else "")
        for rates in next(iter(facts.values())).by_visibility
    ]
    extra = [*bins, "5 and more"] if bins else []
    names = ["generator", "recall (95 %)", "by chance", *(f"CNR {name}" for name in extra)]
    names += ["objects per slice", "per cm² of breast"]
    print(head(*names))
    for (generator, threshold), fact in facts.items():
        rates = [rates.found for rates in fact.by_visibility]
        rates += [fact.strong] if fact.strong else []
        cells = [f"{generator}, k = {threshold:g}" if threshold else generator]
        cells += [
            interval(fact.kinds[kind].found),
            share(fact.kinds[kind].by_chance),
            *map(share, rates),
        ]
        cells += [f"{fact.small_objects_per_slice:.1f}"]
        cells += [f"{fact.small_objects_per_cm2_of_breast:.2f}"]
        print("| " + " | ".join(cells) + " |", flush=True)


def share(rate: Recall) -> str:
    return f"{rate.recall:.2f} of {rate.findings}" if rate.findings else "–"


def interval(rate: Recall) -> str:
    limits = "" if rate.lower is None else f" ({rate.lower:.2f}–{rate.upper:.2f})"
    return f"**{rate.recall:.2f}**{limits} of {rate.findings}"


def phantoms(patients: int) -> None:
    settings = PhantomSettings.from_config(CONFIG["phantom"])
    accounts = {case: Coverage() for case in CASES}
    for number in range(2 * patients):
        patient, side = f"B{number // 2:03d}", "LR"[number % 2]
        shown = breast(f"{patient}-{side}", patient, side, calcified=number % 4 < 3)
        volume = simulate(shown, seed=2, settings=settings)
        pixel = settings.pixel_spacing_mm
        truth = [
            {
                "kind": item.finding.kind,
                "slice": item.slice,
                "x": item.x_px,
                "y": item.y_px,
                "radius": max(item.finding.diameter_mm / 2 / pixel, 1),
                "contrast_to_noise": item.contrast_to_noise,
            }
            for item in volume.truth
        ]
        findings = [row for row in truth if row["kind"] == "calcification"]
        result = search(volume.stored, pixel)
        count(accounts, result, findings, truth, patient=patient, tolerance_mm=0.3)
    title = f"In-silico phantoms: {2 * patients} volumes of {settings.slices} slices"
    show(title, accounts, "calcification")


def mini_mias(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        parts = ("volumes", "annotations", "unplaced")
        sheets = {part: str(Path(name) / f"{part}.tsv") for part in parts}
        import_dataset.main(
            dataset="mini_mias",
            folder=str(folder),
            settings={},
            files=f"{name}/files",
            schemas=SCHEMAS,
            **sheets,
        )
        volumes, circles = (
            pl.read_csv(sheets[part], separator="\t", infer_schema_length=None)
            for part in ("volumes", "annotations")
        )
    accounts = {case: Coverage() for case in CASES}
    rest = {case: Coverage() for case in CASES}
    for volume, path in volumes.select("volume_id", "path").iter_rows():
        image = np.asarray(Image.open(path).convert("L"))
        findings = circles.filter(pl.col("volume_id") == volume).to_dicts()
        result = search([image], 0.2)
        target = accounts if findings else rest
        count(target, result, findings, [], patient=volume, tolerance_mm=0.0)
    show(
        "mini-MIAS, images with circled clusters: at least one small object in the circle",
        accounts,
        "cluster",
    )
    others = {case: account.account().small_objects_per_slice for case, account in rest.items()}
    counts = ", ".join(f"{g} {k:g}: {n:.0f}" for (g, k), n in others.items())
    print(f"\nSmall objects per image in the other images ({counts}).")


def bcs_dbt(folder: Path) -> None:
    accounts = {case: Coverage() for case in CASES}
    images = sorted(folder.glob("*.jpg"))
    for number, path in enumerate(images):
        raw = np.asarray(Image.open(path).convert("L"))
        image, findings = with_spots(raw, np.random.default_rng(number))
        count(accounts, search([image], 0.085), findings, [], patient=str(number), tolerance_mm=0.3)
    show(
        f"BCS-DBT, {len(images)} slices with 20 spots each, peak 5 × the deviation within 1.5 mm",
        accounts,
        "calcification",
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"\nMemory of this process, all libraries included: at most {peak:.0f} MB.")


def with_spots(raw: NDArray[np.uint8], rng: np.random.Generator) -> tuple[NDArray[np.uint8], list]:
    """Put 20 blurred ellipses of 0.17 to 0.7 mm into a slice, at least 2 mm from the skin."""
    inside = find_breast(raw, (0.085, 0.085)).pixels((raw.shape[0], raw.shape[1]))
    places = np.argwhere(ndimage.binary_erosion(inside, iterations=25))
    image, rows = raw.astype(np.float32), []
    y, x = np.mgrid[-20:21, -20:21]
    for r, c in places[rng.choice(len(places), 20, replace=False)]:
        if min(r, c, raw.shape[0] - r, raw.shape[1] - c) < 21:
            continue
        width = np.clip(np.exp(rng.normal(np.log(0.32), 0.3)), 0.17, 0.7) / 0.085 / 2
        angle, flat = rng.uniform(0, np.pi), rng.uniform(0.7, 1.3)
        along = (x * np.cos(angle) + y * np.sin(angle)) * flat
        across = (y * np.cos(angle) - x * np.sin(angle)) / flat
        spot = ndimage.gaussian_filter((np.hypot(along, across) < width).astype(np.float32), 1.0)
        window = image[r - 20 : r + 21, c - 20 : c + 21]
        window += 5 * window[2:-2, 2:-2].std() * spot / spot.max()
        place = {"slice": 0, "x": float(c), "y": float(r), "radius": 1.0}
        rows.append(place | {"kind": "calcification"})
    return np.clip(image, 0, 255).astype(np.uint8), rows


if __name__ == "__main__":
    phantoms(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    data = os.environ.get("TOMOCALC_TEST_DATA")
    if data:
        mini_mias(Path(data) / "mini_mias")
        bcs_dbt(Path(data) / "bcs_dbt_slices")
    else:
        print("\nTOMOCALC_TEST_DATA is not set: no real images.")
