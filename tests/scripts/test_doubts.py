"""A cohort in which one volume of each doubtful sort is mixed: every page says which, and what."""

from html import unescape
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

import build_index
import predict_volume
import write_model_card
from support.card_data import LABELS, NO_TEXTS, write_accounts
from support.doubtful import COHORT, TOGETHER, measure_cohort, sheet_row
from support.image_volumes import CANDIDATES, IMAGE
from support.pages_data import figures, rows, write_dataset
from support.predictions import RULE, SETTINGS, gather, release
from support.table_data import merge_volumes
from tomocalc.accounts.doubts import KINDS, DoubtCount
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.prediction import VolumeScores
from tomocalc.accounts.quality import QualityAccount
from tomocalc.dataset.listing import write_listing
from tomocalc.errors import TomocalcError


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Measure every volume."""
    folder = tmp_path_factory.mktemp("cohort")
    measure_cohort(folder)
    return folder


@pytest.fixture(scope="module")
def counted(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[DoubtCount, ...]:
    """Merge the cohort and return what is doubtful about it."""
    out = tmp_path_factory.mktemp("merged")
    merge(cohort, out, allowed_doubts=["study_shared"])
    return QualityAccount.read(out / "quality.json").doubts


def test_no_doubt_lacks_a_volume() -> None:
    assert set().union(*(sort.doubts for sort in COHORT.values())) == set(KINDS)


def manifests(cohort: Path) -> list[str]:
    return [str(cohort / "features" / name / "manifest.json") for name in COHORT]


def merge(cohort: Path, out: Path, **image: Any) -> None:
    merge_volumes(
        out,
        manifests(cohort),
        "sound\t1\t40\t70\t2\tcalcification\n",
        features=["area_mm2"],
        dataset={"impute": "none", "max_bad_fraction": 0.5, "duplicates": "keep"},
        image={"doubts": "report", "allowed_doubts": [], **image},
    )


def listed(sheet: Path) -> dict[str, set[str]]:
    """Return the doubts of every volume of a sheet."""
    table = pl.read_csv(sheet, separator="\t").select("volume_id", "doubts")
    return {name: set((codes or "").split()) for name, codes in table.rows()}


def test_every_doubt_is_in_the_manifest_the_list_and_the_account(
    cohort: Path, counted: tuple[DoubtCount, ...], tmp_path: Path
) -> None:
    for path, sort in zip(manifests(cohort), COHORT.values(), strict=True):
        own = {doubt.code for doubt in VolumeManifest.read(path).doubts}
        assert own == sort.doubts - TOGETHER
    write_listing(tmp_path / "volumes.tsv", manifests(cohort))
    assert listed(tmp_path / "volumes.tsv") == {name: one.doubts for name, one in COHORT.items()}
    assert {count.code: set(count.first) for count in counted} == {
        code: {name for name, sort in COHORT.items() if code in sort.doubts} for code in KINDS
    }
    assert all(count.volumes == len(count.first) for count in counted)


def test_a_merge_refuses_a_doubtful_cohort_where_asked(cohort: Path, tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match=r"E103.*volumes one-ada, one-eva"):
        merge(cohort, tmp_path)
    with pytest.raises(TomocalcError) as caught:
        merge(cohort, tmp_path, doubts="fail", allowed_doubts=["study_shared"])
    stop = {code for code, kind in KINDS.items() if not kind.settled} - {"study_shared"}
    for name, sort in COHORT.items():
        assert (f"(volume {name})" in str(caught.value)) == bool(sort.doubts & stop)


def said(page: Path, code: str, *names: str) -> None:
    """Check that a page names a doubt, its volumes and what to do, in one row of a table."""
    text = unescape(page.read_text(encoding="utf-8"))
    (row,) = [row for row in text.split("<tr>") if f">{KINDS[code].title}<" in row]
    assert KINDS[code].advice in row
    for name in names:
        assert name in row


def test_the_index_and_the_card_say_every_doubt(
    counted: tuple[DoubtCount, ...], tmp_path: Path
) -> None:
    paths = write_dataset(tmp_path / "dataset", rows())
    quality = msgspec.structs.replace(QualityAccount.read(paths["quality"]), doubts=counted)
    quality.write(paths["quality"])
    figures().write(tmp_path / "metrics.json")
    given = {"quality": paths["quality"], "split": paths["split"]}
    page = tmp_path / "index.html"
    build_index.main(page=str(page), files=[], metrics=str(tmp_path / "metrics.json"), **given)
    for count in counted:
        said(page, count.code, *count.first)
    accounts, card = write_accounts(tmp_path), tmp_path / "card.html"
    quality.write(accounts["quality"])
    who = {"labels": LABELS, "authors": NO_TEXTS, "seed": 1, "text": str(tmp_path / "card.md")}
    write_model_card.main(**accounts, **who, page=str(card))
    for count in counted:
        many = f"{count.volumes} volume{'s' * (count.volumes > 1)}"
        assert f"Doubtful in {many} of the data: {KINDS[count.code].title}." in unescape(
            card.read_text(encoding="utf-8")
        )


def test_scores_and_their_pages_say_every_doubt(cohort: Path, tmp_path: Path) -> None:
    sound = cohort / "features/sound/manifest.json"
    release(tmp_path / "model", sound, VolumeManifest.read(sound))
    weights = str(tmp_path / "model/model.safetensors")
    scored = [name for name, sort in COHORT.items() if not sort.settings.keys() & CANDIDATES]
    scored.remove("deep")  # the model was trained at another spacing
    for name in scored:
        (source,) = (path for path in (cohort / "raw").iterdir() if path.stem == name)
        predict_volume.main(
            manifest=str(cohort / "features" / name / "manifest.json"),
            weights=weights,
            volume=sheet_row(name) | {"path": str(source)},
            image=IMAGE | COHORT[name].settings,
            rule=RULE,
            settings=SETTINGS | {"identifiers": "none"},
            simulated=None,
            home=None,
            page=str(tmp_path / name / "volume.html"),
        )
    pictures = [cohort / "features" / name / "overlay.png" for name in scored]
    gather(tmp_path, [tmp_path / name for name in scored], weights=weights, overlays=pictures)
    assert listed(tmp_path / "volumes.tsv") == {name: COHORT[name].doubts for name in scored}
    for name in scored:
        own = {doubt.code for doubt in VolumeScores.read(tmp_path / name / "scores.json").doubts}
        assert own == COHORT[name].doubts - TOGETHER
        for code in own:
            assert KINDS[code].advice in unescape((tmp_path / name / "volume.html").read_text())
        for code in COHORT[name].doubts:
            said(tmp_path / "index.html", code, name)
