"""Two folders of images: what is planted on both sides is found, and clean folders are clean."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

from support.image_slices import breast_slice
from support.phantoms import phantom_files
from tomocalc.accounts.leakage import SplitAudit, Verdict
from tomocalc.audit.images import audit_images
from tomocalc.audit.texture import texture
from tomocalc.command.main import main

Picture = NDArray[Any]


def breast(seed: int) -> Picture:
    return breast_slice(seed, shape=(320, 240), spots=[])


def eight(image: Picture) -> Picture:
    return (image // 16).clip(0, 255).astype(np.uint8)


def save(folder: Path, name: str, image: Picture, **options: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(folder / name, **options)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Write six women's slices for training, and four other women's for the test."""
    for seed in range(10):
        save(tmp_path / ("train" if seed < 6 else "test") / "png", f"{seed}.png", breast(seed))
    return tmp_path / "train", tmp_path / "test"


def bad(audit: SplitAudit) -> dict[str, int]:
    return {one.name: one.count for one in audit.checks if one.verdict in ("leaks", "caution")}


def test_folders_of_different_women_are_clean(folders: tuple[Path, Path]) -> None:
    (folders[0] / "notes.csv").write_text("a,b\n")
    audit = audit_images(*folders)
    assert (audit.verdict, bad(audit), audit.shared) == (Verdict.CLEAN, {}, [])
    assert audit.check("no_images").count == 1
    assert audit.check("same_study").verdict is Verdict.UNSEEN
    sizes = {name: part.rows for name, part in audit.parts.items()}
    assert sizes == {"train": 6, "validation": 0, "test": 4}


@pytest.mark.parametrize("kind", ["other format", "8 bits as 16", "offset"])
def test_equal_pixels_are_found_in_any_format(folders: tuple[Path, Path], kind: str) -> None:
    train, test = folders
    if kind == "8 bits as 16":
        save(train, "x.png", eight(breast(11)))
        tifffile.imwrite(test / "y.tif", eight(breast(11)).astype(np.uint16) * 257)
    else:
        tifffile.imwrite(test / "y.tif", breast(3) + np.uint16(100 * (kind == "offset")))
    audit = audit_images(train, test)
    assert bad(audit) == {"same_pixels": 1}
    (shared,) = audit.shared
    assert (shared.row, shared.twin_row) == ("y.tif", "x.png" if "8" in kind else "png/3.png")


def as_jpeg(image: Picture) -> Picture:
    buffer = io.BytesIO()
    Image.fromarray(eight(image)).save(buffer, "JPEG", quality=50)
    return np.array(Image.open(buffer))


CHANGES: dict[str, Callable[[Picture], Picture]] = {
    "JPEG": as_jpeg,
    "half the size": lambda image: np.array(
        Image.fromarray(image.astype(np.float32)).resize((120, 160), Image.Resampling.BOX)
    ).astype(np.uint16),
    "mirrored": lambda image: image[:, ::-1],
    "turned": lambda image: np.rot90(image),
    "noise": lambda image: (
        image + np.random.default_rng(1).normal(0, 30, image.shape).clip(-100, 500)
    ).astype(np.uint16),
    "contrast": lambda image: (65535 * (image / image.max()) ** 0.7).astype(np.uint16),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_copies_are_found(folders: tuple[Path, Path], change: str) -> None:
    train, test = folders
    save(test, "copy.png", np.ascontiguousarray(CHANGES[change](breast(2))))
    audit = audit_images(train, test)
    assert bad(audit) == {"near_images": 1}
    assert [(one.row, one.twin_row) for one in audit.shared] == [("copy.png", "png/2.png")]


def test_slices_of_one_volume_are_found(folders: tuple[Path, Path]) -> None:
    """Neighbours share most of their texture, and every second one went to the other side."""
    train, test = folders
    for index in range(6):
        mixed = 0.75 * breast(20) + 0.25 * breast(21 + index)
        save((train, test)[index % 2], f"slice{index}.png", mixed.astype(np.uint16))
    audit = audit_images(train, test)
    found = bad(audit)
    assert set(found) <= {"same_breast", "near_images"}
    assert sum(found.values()) == 3
    assert {one.row for one in audit.shared} == {f"slice{index}.png" for index in (1, 3, 5)}


def test_repeats_and_what_cannot_be_compared_ask_for_caution(folders: tuple[Path, Path]) -> None:
    train, test = folders
    save(test, "again.png", breast(7))
    for folder, name in ((train, "blank.png"), (test, "blank.png"), (test, "blank2.png")):
        save(folder, name, np.full((64, 64), 7, np.uint16))
    (train / "torn.png").write_bytes((train / "png/1.png").read_bytes()[:3000])
    audit = audit_images(train, test)
    assert audit.verdict is Verdict.CAUTION
    assert bad(audit) == {"repeated_images": 1, "images_unread": 4}


def test_the_command_writes_what_it_found(
    folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, test = folders
    save(test, "copy.jpg", eight(breast(2)), quality=60)
    call = ["audit-images", str(train), str(test), "--out", str(tmp_path / "out")]
    assert main([*call, "--fail-on", "leaks"]) == 1
    assert capsys.readouterr().out.startswith("leaks: 1 of 5 test slices is a copy")
    found = json.loads((tmp_path / "out/audit.json").read_text())
    assert found["verdict"] == "leaks"
    assert {"name", "verdict", "count", "share", "what"} <= set(found["checks"][0])
    assert "copy.jpg\t" in (tmp_path / "out/shared.tsv").read_text()


def test_a_study_of_the_header_is_on_both_sides(tmp_path: Path) -> None:
    import pydicom

    for seed, side in ((1, "train"), (2, "test")):
        image, who = f"{side}/volume.dcm", f"P{seed}"
        phantom_files(tmp_path, patient=who, seed=seed, calcified=False, image=image, slices=4)
    assert audit_images(tmp_path / "train", tmp_path / "test").verdict is Verdict.CLEAN
    first, second = (pydicom.dcmread(tmp_path / side / "volume.dcm") for side in ("train", "test"))
    second.StudyInstanceUID = first.StudyInstanceUID
    second.save_as(tmp_path / "test/volume.dcm")
    audit = audit_images(tmp_path / "train", tmp_path / "test")
    assert bad(audit) == {"same_study": 1}
    assert str(first.StudyInstanceUID) not in repr(audit.shared)
    assert {one.distance for one in audit.shared} == {None}


def test_a_texture_does_not_depend_on_level_or_window() -> None:
    image = breast(1)
    assert texture(image) @ texture(3 * image + 50) > 0.999
    assert abs(texture(image) @ texture(breast(2))) < 0.2
    assert not texture(np.zeros((50, 50), np.uint8)).any()


@pytest.mark.data
def test_real_mammograms_of_different_women_are_clean(tmp_path: Path, real_data: Path) -> None:
    paths = sorted((real_data / "mini_mias").glob("*.png"))[:40]
    women = sorted({(int(path.stem[3:]) - 1) // 2 for path in paths})
    for path in paths:
        number = women.index((int(path.stem[3:]) - 1) // 2)  # two breasts of one woman
        folder = tmp_path / ("train" if number % 2 else "test")
        folder.mkdir(exist_ok=True)
        (folder / path.name).symlink_to(path)
    assert audit_images(tmp_path / "train", tmp_path / "test").verdict is Verdict.CLEAN
