"""A cohort in which one volume of each doubtful sort is mixed: every page says which, and what."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest
from PIL import Image

import build_index
import gather_predictions
import merge_dataset
import predict_volume
from support.image_files import write_dicom
from support.image_volumes import CANDIDATES, IMAGE, SHEET, volume_frames, write_volume
from support.pages_data import figures, rows, write_dataset
from support.predictions import RULE, SETTINGS, release
from tomocalc.accounts.doubt_kinds import KINDS
from tomocalc.accounts.doubts import DoubtCount
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.prediction import VolumeScores
from tomocalc.accounts.quality import QualityAccount
from tomocalc.accounts.settings import Settings
from tomocalc.dataset.listing import write_listing
from tomocalc.errors import TomocalcError
from tomocalc.image.extraction import measure_volume
from tomocalc.image.overlay import volume_overlay

ANNOTATIONS = Path(__file__).parents[2] / "workflow/schemas/annotations.schema.yaml"
Change = dict[str, Any]
Sort = tuple[Callable[[Path, int], Path], Change, Change, set[str]]


def as_dicom(**attributes: Any) -> Callable[[Path, int], Path]:
    """Return what writes a volume of one seed as a DICOM file with *attributes*."""

    def write(place: Path, seed: int) -> Path:
        frames = [frame >> 1 for frame in volume_frames(seed=seed)]
        given = {"enhanced": True, "positions": depths(0, 1, 2, 3, 4), **attributes}
        return write_dicom(place.with_suffix(".dcm"), frames, **given)

    return write


def as_png(place: Path, seed: int) -> Path:
    return write_volume(place, seed=seed)


def with_a_bad_slice(place: Path, seed: int) -> Path:
    as_png(place, seed)
    (place / "s2.png").write_bytes((place / "s2.png").read_bytes()[:5000])
    return place


def with_a_flat_slice(place: Path, seed: int) -> Path:
    as_png(place, seed)
    Image.fromarray(np.full((192, 128), 700, np.uint16)).save(place / "s4.png")
    return place


def without_a_spot(place: Path, seed: int) -> Path:
    """Write slices of a breast without any texture, as a wrong background makes them."""
    place.mkdir(parents=True)
    row, col = np.mgrid[:192, :128]
    inside = (row - 96) ** 2 + col**2 < 90**2
    for index in range(5):
        image = np.where(inside, 2000 + seed + 2 * row, 60).astype(np.uint16)
        Image.fromarray(image).save(place / f"s{index}.png")
    return place


def depths(*places: int) -> list[list[float]]:
    """Return positions along the normal of the image plane, in mm."""
    return [[-float(place), 0.0, 0.0] for place in places]


WORDS = ["DERIVED", "PRIMARY", "TOMOSYNTHESIS"]
COHORT: dict[str, Sort] = {
    "sound": (as_png, {}, {}, set()),
    "side": (as_png, {"laterality": "R"}, {}, {"side_differs", "same_pixels"}),
    "twin": (lambda place, _: as_png(place, 1), {}, {}, {"same_pixels"}),
    "detector": (
        as_dicom(spacing=None, ImagerPixelSpacing=[0.1, 0.1]),
        {},
        {},
        {"detector_spacing"},
    ),
    "sheet": (
        as_dicom(),
        {"pixel_spacing_mm": 0.2, "slice_spacing_mm": 2.0},
        {},
        {"pixel_spacing_differs", "slice_spacing_differs"},
    ),
    "frames": (as_dicom(positions=depths(0, 1, 2, 3)), {}, {}, {"header_contradicts"}),
    "gap": (as_dicom(positions=depths(0, 1, 2, 5, 6)), {}, {}, {"gap"}),
    "shuffled": (as_dicom(positions=depths(0, 2, 1, 3, 4)), {}, {}, {"frames_reordered"}),
    "slab": (as_dicom(ImageType=[*WORDS, "MAXIMUM"]), {}, {}, {"slab"}),
    "synthetic": (as_dicom(ImageType=[*WORDS, "GENERATED_2D"]), {}, {}, {"synthetic_2d"}),
    "nameless": (as_dicom(SOPClassUID=None), {}, {}, {"no_class"}),
    "magnified": (
        as_dicom(
            spacing=None,
            ImagerPixelSpacing=[0.15, 0.15],
            EstimatedRadiographicMagnificationFactor=1.5,
        ),
        {},
        {},
        {"magnified"},
    ),
    "text": (as_dicom(BurnedInAnnotation="YES"), {}, {}, {"burned_in"}),
    "lost": (with_a_bad_slice, {}, {"on_bad_slice": "quarantine"}, {"quarantined"}),
    "flat": (with_a_flat_slice, {}, {}, {"constant"}),
    "crowd": (as_png, {}, {"max_per_slice": 1}, {"capped"}),
    "empty": (without_a_spot, {}, {}, {"no_candidate"}),
}
"""Volume to what writes it, what differs in the sheet, in the settings, and what is doubtful."""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Measure every volume."""
    folder = tmp_path_factory.mktemp("cohort")
    (folder / "raw").mkdir()
    for seed, (name, (write, sheet, settings, _)) in enumerate(COHORT.items()):
        image, search = (
            given | {key: value for key, value in settings.items() if key in given}
            for given in (IMAGE, CANDIDATES)
        )
        row = SHEET | {"volume_id": name, "patient_id": f"p-{name}"} | sheet
        source, place = write(folder / "raw" / name, seed), folder / "features" / name
        how = Settings.from_config(image, search, 3)
        found = measure_volume(source, row=row, image=image, settings=how, folder=place)
        picture = volume_overlay(found.manifest, found.found, found.previews, in_silico=False)
        (place / "overlay.png").write_bytes(picture)
    return folder


def manifests(cohort: Path) -> list[str]:
    return [str(cohort / "features" / name / "manifest.json") for name in COHORT]


def merge(cohort: Path, out: Path, **image: Any) -> tuple[DoubtCount, ...]:
    """Merge the cohort and return what is doubtful about it."""
    (out / "annotations.tsv").write_text(
        "volume_id\tslice\tx\ty\tradius\tkind\nsound\t1\t40\t70\t2\tcalcification\n"
    )
    merge_dataset.main(
        source="volumes",
        manifests=manifests(cohort),
        annotations=str(out / "annotations.tsv"),
        annotations_schema=str(ANNOTATIONS),
        table=None,
        columns={},
        features=["area_mm2"],
        labels={"tolerance_mm": 0.3, "slice_tolerance": 1, "ignore_mm": 0.0, "unlabelled": "fail"},
        dataset={"impute": "none", "max_bad_fraction": 0.5, "duplicates": "keep"},
        image={"doubts": "report", "allowed_doubts": [], **image},
        candidates=str(out / "candidates.parquet"),
        quality=str(out / "quality.json"),
        croissant=str(out / "croissant.json"),
    )
    return QualityAccount.read(out / "quality.json").doubts


def test_every_doubt_is_in_the_list_and_the_account(cohort: Path, tmp_path: Path) -> None:
    write_listing(tmp_path / "volumes.tsv", manifests(cohort))
    listed = pl.read_csv(tmp_path / "volumes.tsv", separator="\t").select("volume_id", "doubts")
    found = {name: set((codes or "").split()) for name, codes in listed.rows()}
    assert found == {name: expected for name, (_, _, _, expected) in COHORT.items()}
    counted = merge(cohort, tmp_path)
    assert {count.code: set(count.first) for count in counted} == {
        code: {name for name, codes in found.items() if code in codes}
        for codes in found.values()
        for code in codes
    }


def test_a_merge_refuses_a_doubtful_cohort_where_asked(cohort: Path, tmp_path: Path) -> None:
    with pytest.raises(TomocalcError) as caught:
        merge(cohort, tmp_path, doubts="fail")
    settled = {code for code, kind in KINDS.items() if kind.settled}
    doubtful = [name for name, (_, _, _, codes) in COHORT.items() if codes - settled]
    assert "(volume shuffled)" not in str(caught.value)
    for name in doubtful:
        assert f"(volume {name})" in str(caught.value)


def said(page: Path, code: str, *names: str) -> None:
    """Check that a page names a doubt, its volumes and what to do."""
    text = unescape(page.read_text(encoding="utf-8"))
    assert KINDS[code].title in text
    assert KINDS[code].advice in text
    for name in names:
        assert name in text


def test_the_index_says_every_doubt_with_its_volume_and_what_to_do(
    cohort: Path, tmp_path: Path
) -> None:
    counted = merge(cohort, tmp_path)
    paths = write_dataset(tmp_path / "dataset", rows())
    quality = QualityAccount.read(paths["quality"])
    msgspec.structs.replace(quality, doubts=counted).write(paths["quality"])
    figures().write(tmp_path / "metrics.json")
    given = {"quality": paths["quality"], "split": paths["split"]}
    page = tmp_path / "index.html"
    build_index.main(page=str(page), files=[], metrics=str(tmp_path / "metrics.json"), **given)
    for count in counted:
        said(page, count.code, *count.first)


def test_scores_and_their_pages_say_every_doubt(cohort: Path, tmp_path: Path) -> None:
    sound = cohort / "features/sound/manifest.json"
    release(tmp_path / "model", sound, VolumeManifest.read(sound))
    weights = str(tmp_path / "model/model.safetensors")
    scored = [name for name in COHORT if not COHORT[name][2].keys() & CANDIDATES]
    for name in scored:
        _, sheet, settings, _ = COHORT[name]
        (source,) = (cohort / "raw").glob(f"{name}*")
        who = {"volume_id": name, "patient_id": f"p-{name}", "path": str(source)}
        predict_volume.main(
            manifest=str(cohort / "features" / name / "manifest.json"),
            weights=weights,
            volume=SHEET | who | sheet,
            image=IMAGE | settings,
            rule=RULE,
            settings=SETTINGS | {"identifiers": "none"},
            simulated=None,
            home=None,
            page=str(tmp_path / name / "volume.html"),
        )
    gather_predictions.main(
        scores=[str(tmp_path / name / "scores.json") for name in scored],
        marks=[str(tmp_path / name / "marks.parquet") for name in scored],
        overlays=[str(cohort / "features" / name / "overlay.png") for name in scored],
        weights=weights,
        own=False,
        volumes=str(tmp_path / "volumes.tsv"),
        patients=str(tmp_path / "patients.tsv"),
        page=str(tmp_path / "index.html"),
    )
    for name in scored:
        codes = COHORT[name][-1] - {"same_pixels"}  # which the volumes tell only together
        doubts = VolumeScores.read(tmp_path / name / "scores.json").doubts
        assert {doubt.code for doubt in doubts} == codes
        for code in codes:
            assert KINDS[code].advice in unescape((tmp_path / name / "volume.html").read_text())
            said(tmp_path / "index.html", code, name)
    listed = pl.read_csv(tmp_path / "volumes.tsv", separator="\t").select("volume_id", "doubts")
    together = {name: set((codes or "").split()) for name, codes in listed.rows()}
    assert together == {name: COHORT[name][-1] for name in scored}
    said(tmp_path / "index.html", "same_pixels", "side", "twin")
