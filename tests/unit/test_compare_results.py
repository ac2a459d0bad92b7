"""The command that compares two folders of results."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image
from safetensors.numpy import save_file

from support.compare_results import differences, main

PAGE = '<style>p {{color: red}}</style><p>AUROC <b>{auroc}</b></p><svg><path d="{path}"/></svg>'


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    """Return two folders of the same small results."""
    for name in ("before", "after"):
        _results(tmp_path / name)
    return tmp_path / "before", tmp_path / "after"


def _results(folder: Path) -> None:
    (folder / "dataset").mkdir(parents=True)
    pl.DataFrame({"id": ["a", "b"], "area": [1.5, float("nan")]}).write_parquet(
        folder / "dataset/candidates.parquet"
    )
    (folder / "metrics.json").write_text('{"parts": [{"auroc": 0.9, "rows": 7}]}')
    (folder / "shared.tsv").write_text("row\tvalue\nx\t0.25\n")
    (folder / "report.html").write_text(PAGE.format(auroc="0.9", path="M0 0L1 2"))
    (folder / "card.md").write_text("# Card\n\nSeven rows.\n")
    save_file({"w": np.ones(3, np.float32)}, folder / "model.safetensors")
    Image.new("L", (5, 4)).save(folder / "P1.png")


def test_equal_folders_have_no_difference(both: tuple[Path, Path]) -> None:
    assert main(*map(str, both)) == 0


def test_storage_and_the_last_digits_are_no_difference(both: tuple[Path, Path]) -> None:
    after = both[1]
    table = pl.read_parquet(after / "dataset/candidates.parquet")
    nearly = table.with_columns(pl.col("area") * (1 + 1e-14))
    nearly.write_parquet(after / "dataset/candidates.parquet", compression="uncompressed")
    metrics = {"parts": [{"rows": 7, "auroc": 0.9 * (1 + 1e-14)}]}
    (after / "metrics.json").write_text(json.dumps(metrics, indent=3))
    (after / "report.html").write_text(
        PAGE.format(auroc="0.90", path="M0 0L1 2").replace(" ", "\n", 1)
    )
    Image.new("L", (5, 4)).save(after / "P1.png", compress_level=0)
    assert list(differences(*both)) == []


def _wider(path: Path) -> None:
    table = pl.read_parquet(path)
    table.with_columns(area=pl.Series([1.5 + 1e-9, float("nan")])).write_parquet(path)


PLANTED = {
    "dataset/candidates.parquet": (_wider, "area, row 0: 1.5 → 1.500000001"),
    "metrics.json": (
        lambda path: path.write_text('{"parts": [{"auroc": 0.9, "rows": 8}]}'),
        "parts[0].rows: 7 → 8",
    ),
    "shared.tsv": (
        lambda path: path.write_text("row\tvalue\nx\t0.26\n"),
        "[1][1]: '0.25' → '0.26'",
    ),
    "report.html": (
        lambda path: path.write_text(PAGE.format(auroc="0.9", path="M0 0L1 3")),
        "'<path d=M0 0L1 2>' → '<path d=M0 0L1 3>'",
    ),
    "card.md": (
        lambda path: path.write_text("# Card\n\nEight rows.\n"),
        "'Seven rows.' → 'Eight rows.'",
    ),
    "model.safetensors": (
        lambda path: save_file({"w": np.full(3, 1.5, np.float32)}, path),
        "w: differs by up to 0.5",
    ),
    "P1.png": (
        lambda path: Image.fromarray(np.eye(4, 5, dtype=np.uint8)).save(path),
        "pixels: differs by up to 1",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_one_planted_difference_is_named(
    name: str, both: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    plant, told = PLANTED[name]
    plant(both[1] / name)
    assert main(*map(str, both)) == 1
    assert capsys.readouterr().out == f"{name}: {told}\n1 files differ\n"


def test_files_and_columns_of_one_side_alone_are_named(both: tuple[Path, Path]) -> None:
    before, after = both
    (before / "card.md").unlink()
    (after / "shared.tsv").unlink()
    path = after / "dataset/candidates.parquet"
    pl.read_parquet(path).drop("area").write_parquet(path)
    assert list(differences(before, after)) == [
        "card.md: only after",
        "dataset/candidates.parquet: column.area: only before",
        "shared.tsv: only before",
    ]


def test_a_folder_that_is_not_there_is_no_equality(tmp_path: Path) -> None:
    assert main(str(tmp_path), str(tmp_path / "none")) == 2
