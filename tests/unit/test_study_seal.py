"""A sealed test part is frozen, and every look at it is counted, once."""

from pathlib import Path

import polars as pl
import pytest

import seal_test_part
from support.leaks import table
from support.manifests import manifest
from support.model_data import make_candidates, make_splits
from tomocalc.accounts.seal import Seal
from tomocalc.command.main import main
from tomocalc.errors import TomocalcError
from tomocalc.parquet import write_parquet
from tomocalc.study.seal import freeze, key_of, open_seal, part_of_rows, read_seal

SPLIT = {"validation_fraction": 0.2, "test_fraction": 0.25, "folds": 3}


def rows(**changes: list[float]) -> pl.DataFrame:
    columns = {"label": [1, 0, 0], "patient": ["A", "B", "B"], "area": [1.0, 2.0, 3.0]}
    return pl.DataFrame(columns | changes)


def part(**changes: list[float]):
    return part_of_rows(rows(**changes), label="label", patient="patient")


def test_equal_looks_are_one_and_others_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "study.seal"
    found = [open_seal(path, part(), by="evaluation", key=key) for key in ("x", "y", "x")]
    assert [(one.number, one.total) for one in found] == [(1, 1), (2, 2), (1, 2)]
    other = open_seal(path, part(), by="comparison", key="x")
    assert (other.number, other.total) == (1, 1)
    assert len(read_seal(path).openings) == 3
    assert (found[0].cases, found[0].patients) == (3, 2)
    assert found[0].seal == other.seal
    before = path.read_bytes()
    open_seal(path, part(), by="evaluation", key="y")
    assert path.read_bytes() == before


def test_scores_in_another_order_are_the_same_look() -> None:
    scores = pl.DataFrame({"id": ["a", "b"], "probability": [0.25, 0.5]})
    assert key_of(scores, 0.5) == key_of(scores.reverse().select("probability", "id"), 0.5)
    assert key_of(scores, 0.5) != key_of(scores, 0.4)
    assert key_of(scores) != key_of(scores.with_columns(pl.col("probability").reverse()))


def test_another_test_part_is_refused_and_what_changed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "study.seal"
    freeze(path, part())
    before = path.read_bytes()
    with pytest.raises(TomocalcError, match=r"E309.*not the sealed one.*: area, label changed"):
        open_seal(path, part(area=[1, 2, 4], label=[1, 1, 0]), by="evaluation", key="x")
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", ["key", "order", "removed", "renamed"])
def test_a_line_changed_by_hand_is_told(change: str, tmp_path: Path) -> None:
    path = tmp_path / "study.seal"
    for key in "abc":
        open_seal(path, part(), by="evaluation", key=key)
    one, two, three = read_seal(path).openings
    renamed = type(two)(by="nobody", key=two.key, chain=two.chain)
    changed = {
        "key": (one, type(two)(by=two.by, key="a better one", chain=two.chain), three),
        "order": (two, one, three),
        "removed": (one, three),
        "renamed": (one, renamed, three),
    }[change]
    Seal(test_part=part(), openings=changed).write(path)
    with pytest.raises(TomocalcError, match=r"E309.*changed by hand"):
        open_seal(path, part(), by="evaluation", key="d")


def freeze_volumes(folder: Path, findings: str, study: str = "one") -> None:
    candidates = make_candidates()
    write_parquet(folder / "candidates.parquet", candidates)
    write_parquet(folder / "splits.parquet", make_splits(candidates))
    for number in range(6):
        facts = manifest(f"v{number}", patient_id=f"p{number}", slices=5, study=study)
        facts.write(folder / f"features/v{number}/manifest.json")
    (folder / "annotations.tsv").write_text("volume_id\tslice\tx\ty\tradius\tkind\n" + findings)
    seal_test_part.main(
        candidates=str(folder / "candidates.parquet"),
        splits=str(folder / "splits.parquet"),
        manifests=sorted(map(str, folder.glob("features/*/manifest.json"))),
        annotations=str(folder / "annotations.tsv"),
        split=SPLIT,  # pyright: ignore[reportArgumentType]
        seed=1,
        seal=str(folder / "study.seal"),
        part=str(folder / "sealed.json"),
    )


def test_volumes_and_findings_of_the_test_part_are_frozen(tmp_path: Path) -> None:
    of_training, of_test = ("v0\t\t1\t1\t2\tcluster\n", "v5\t\t1\t1\t2\tcluster\n")
    freeze_volumes(tmp_path, of_test)
    held = read_seal(tmp_path / "study.seal").test_part
    assert (held.cases, held.patients, held.positives) == (1, 1, 1)
    freeze_volumes(tmp_path, of_training + of_test)  # what others have is their own matter
    with pytest.raises(TomocalcError, match="findings changed"):
        freeze_volumes(tmp_path, of_test.replace("\t1\t1\t", "\t1\t2\t"))
    with pytest.raises(TomocalcError, match="volumes changed"):
        freeze_volumes(tmp_path, of_test, study="another")


def test_the_command_freezes_counts_and_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table(1).frame.write_csv(tmp_path / "cases.csv")
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"row,score\n0,{len(name)}{name}\n")
    seal, cases = str(tmp_path / "my study.seal"), str(tmp_path / "cases.csv")
    asked = [seal, cases, "--label", "label", "--patient", "patient"]
    assert main(["seal", *asked]) == 0
    assert "openings: none." in capsys.readouterr().out
    for name in ("one", "two", "one"):
        assert main(["seal", *asked, "--open", str(tmp_path / f"{name}.csv")]) == 0
    assert main(["seal", seal]) == 0
    assert "openings: 2 by evaluation." in capsys.readouterr().out.splitlines()[-2]
    lines = (tmp_path / "cases.csv").read_text().splitlines()
    (tmp_path / "cases.csv").write_text("\n".join(lines[:-2]) + "\n")
    assert main(["seal", *asked]) == 2
    said = capsys.readouterr().err
    assert said.startswith("ERROR [E309]")
    assert said.count("\n") == 1
