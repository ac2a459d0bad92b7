"""The search as a whole: recall on phantoms and real images, memory, and its stored form."""

import contextlib
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from PIL import Image

from support.defaults import CONFIG
from support.image_slices import breast_slice
from support.imports import accepted
from support.manifests import manifest
from support.phantoms import breast
from tomocalc.accounts.manifest import QuarantinedSlice
from tomocalc.accounts.settings import Settings
from tomocalc.adapters.mini_mias import mini_mias
from tomocalc.errors import TomocalcError
from tomocalc.evaluation.coverage import Coverage, SmallObjects
from tomocalc.image.objects import VolumeObjects
from tomocalc.image.passes import find_candidates
from tomocalc.image.slices import find_objects, measure_rows, prepare
from tomocalc.phantom.settings import Settings as PhantomSettings
from tomocalc.phantom.volume import simulate

SETTINGS = Settings.from_config(CONFIG["image"], CONFIG["candidates"], 7)


@dataclass
class Header:
    slices: int
    rows: int
    columns: int
    spacing_mm: tuple[float, float]
    slice_spacing_mm: float = 1.0


@dataclass
class Stack:
    """Slices as the reader of a volume gives them."""

    header: Header
    read: Callable[[int], np.ndarray]


def found_in(read: Callable[[int], np.ndarray], header: Header, **options: Any) -> VolumeObjects:
    return find_candidates(Stack(header, read), SETTINGS, **options)  # type: ignore[arg-type]


def searched(stack: list[np.ndarray], spacing_mm: float, **options: Any) -> VolumeObjects:
    rows, columns = stack[0].shape
    header = Header(len(stack), rows, columns, (spacing_mm, spacing_mm))
    return found_in(stack.__getitem__, header, **options)


def add(
    account: Coverage,
    found: VolumeObjects,
    rows: list[dict[str, Any]],
    shape: tuple[int, int],
    *,
    spacing_mm: float,
    tolerance_mm: float,
) -> None:
    objects = found.table.filter(pl.col("generator") == "local")
    about = manifest(
        pixel_spacing_mm=(spacing_mm, spacing_mm),
        rows=shape[0],
        columns=shape[1],
        slice_facts=found.facts,
    )
    account.add_volume(objects, about)
    places = SmallObjects(objects, (spacing_mm, spacing_mm), tolerance_mm, 1)
    account.add_findings(places, rows, found.outline, patient="one")


def test_clearly_visible_calcifications_of_phantoms_are_found() -> None:
    settings = PhantomSettings.from_config(CONFIG["phantom"])
    account = Coverage()
    for number in range(5):
        volume = simulate(breast(f"T{number}"), seed=11, settings=settings)
        rows = [
            {"kind": "calcification", "slice": item.slice, "x": item.x_px, "y": item.y_px}
            | {"radius": max(item.finding.diameter_mm / 2 / settings.pixel_spacing_mm, 1)}
            for item in volume.truth
            if item.finding.kind == "calcification" and item.contrast_to_noise >= 5
        ]
        found = searched(list(volume.stored), settings.pixel_spacing_mm)
        shape = volume.stored.shape[1:]
        add(account, found, rows, shape, spacing_mm=0.1, tolerance_mm=0.3)
    facts = account.account()
    assert facts.kinds["calcification"].found.findings >= 15
    assert (facts.kinds["calcification"].found.recall or 0) >= 0.85
    assert (facts.kinds["calcification"].by_chance.recall or 0) <= 0.1
    assert facts.objects_per_slice <= 50


@pytest.mark.data
def test_clusters_of_real_films_are_found_far_above_chance(real_data: Path, tmp_path: Path) -> None:
    _, circles, _ = accepted(mini_mias(real_data / "mini_mias/Info.txt"), tmp_path)
    account = Coverage()
    for volume, rows in groupby(circles, itemgetter("volume_id")):
        image = np.asarray(Image.open(real_data / f"mini_mias/{volume}.png").convert("L"))
        found = searched([image], 0.2)
        add(account, found, [*rows], image.shape, spacing_mm=0.2, tolerance_mm=0.0)
    facts = account.account()
    recall, by_chance = facts.kinds["cluster"].found.recall, facts.kinds["cluster"].by_chance.recall
    assert recall >= 0.7
    assert by_chance <= recall / 2
    assert facts.objects_per_slice <= 100


@pytest.mark.data
def test_real_tomosynthesis_slices_take_little_memory(real_data: Path) -> None:
    for path in sorted((real_data / "bcs_dbt_slices").glob("*.jpg"))[::6]:
        raw = np.asarray(Image.open(path).convert("L"))
        tracemalloc.start()
        prepared = prepare(raw, (0.085, 0.085))
        runs = find_objects(prepared, SETTINGS, (0.085, 0.085), ["local"])["local"].runs
        rows = measure_rows(prepared, runs, runs, settings=SETTINGS, spacing_mm=(0.085, 0.085))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 100e6
        assert 20 < rows.height < 400
        assert rows.select(pl.selectors.float().is_finite().all()).to_numpy().all()


def stack() -> list[np.ndarray]:
    return [breast_slice(1), np.full((240, 180), 9, np.uint16), breast_slice(2)]


def test_a_kept_search_is_the_search(tmp_path: Path) -> None:
    found = searched(stack(), 0.1)
    path = tmp_path / "search.parquet"
    found.write(path, "key")
    again = VolumeObjects.current(path, "key", on_bad_slice="fail")
    assert again.facts == found.facts
    assert again.table.equals(found.table)
    assert sorted(again.runs) == sorted(found.runs) == [0, 2]
    for index, runs in found.runs.items():
        for name in ("row", "start", "stop", "first"):
            kept = getattr(again.runs[index], name)
            assert np.array_equal(kept, getattr(runs, name))
            assert kept.dtype == getattr(runs, name).dtype
        assert np.array_equal(again.strength[index], found.strength[index])
    for name in ("focus", "focus_object", "first", "last"):
        assert np.array_equal(getattr(again.candidates, name), getattr(found.candidates, name))
    for index, of in found.candidates.of_object.items():
        assert np.array_equal(again.candidates.of_object[index], of)
    assert np.array_equal(again.outline.spans, found.outline.spans)
    assert VolumeObjects.current(path, "other", on_bad_slice="fail") is None


def test_no_altered_bit_passes_for_the_search(tmp_path: Path) -> None:
    path = tmp_path / "search.parquet"
    found = searched(stack(), 0.1)
    found.write(path, "key")
    whole = path.read_bytes()
    for place in np.random.default_rng(4).choice(len(whole) * 8, 80, replace=False):
        spoilt = bytearray(whole)
        spoilt[place // 8] ^= 1 << (place % 8)
        path.write_bytes(bytes(spoilt))
        with contextlib.suppress(TomocalcError):
            again = VolumeObjects.read(path)
            assert again.table.equals(found.table), place
            assert again.facts == found.facts, place


def test_a_search_without_objects_can_be_kept(tmp_path: Path) -> None:
    found = searched(stack()[1:2], 0.1)
    assert found.outline is None
    found.write(tmp_path / "search.parquet", "key")
    again = VolumeObjects.current(tmp_path / "search.parquet", "key", on_bad_slice="fail")
    assert again.runs == {}
    assert again.outline is None


def test_threads_change_nothing() -> None:
    one, two = searched(stack(), 0.1), searched(stack(), 0.1, threads=4)
    assert one.table.equals(two.table)
    assert one.facts == two.facts


def damaged(index: int) -> TomocalcError:
    return TomocalcError("E202", what="damaged", where=f"s{index}", why="cut", fix="copy it again")


def test_every_bad_slice_is_told_or_quarantined(tmp_path: Path) -> None:
    good = breast_slice(1)

    def read(index: int) -> np.ndarray:
        if index in (1, 3):
            raise damaged(index)
        return good

    header = Header(5, good.shape[0], good.shape[1], (0.1, 0.1))
    with pytest.raises(TomocalcError) as caught:
        found_in(read, header, on_bad_slice="fail", threads=2)
    assert [f"s{index}" in str(caught.value) for index in range(5)] == [0, 1, 0, 1, 0]
    found = found_in(read, header, on_bad_slice="quarantine", threads=2)
    assert found.quarantined == tuple(
        QuarantinedSlice(slice=index, reason="[E202] damaged: cut", fix="copy it again")
        for index in (1, 3)
    )
    assert sorted(found.runs) == [0, 2, 4]
    path = tmp_path / "search.parquet"
    found.write(path, "key")
    assert VolumeObjects.current(path, "key", on_bad_slice="fail") is None
    assert VolumeObjects.current(path, "key", on_bad_slice="quarantine") is not None


def test_a_volume_without_a_readable_slice_is_always_an_error() -> None:
    def read(index: int) -> np.ndarray:
        raise damaged(index)

    with pytest.raises(TomocalcError):
        found_in(read, Header(2, 9, 9, (0.1, 0.1)), on_bad_slice="quarantine")
