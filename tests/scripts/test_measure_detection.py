"""measure_detection on small volumes with known spots."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from measure_detection import main
from support.image_volumes import CALCIFICATIONS, run, write_volume
from tomocalc.accounts.detection import Detection
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.errors import TomocalcError
from tomocalc.files import file_sha256
from tomocalc.image.display import HIT, MISSED
from tomocalc.image.objects import VolumeObjects
from tomocalc.parquet import read_parquet, write_parquet

HEADER = "volume_id\tslice\tx\ty\tradius\tkind"
TRUTH = "volume_id\tkind\tx\ty\tslice\tdiameter_mm\tcontrast_to_noise"


def account(folder: Path, annotations: list[str], truth: list[str] | None = None) -> Detection:
    """Measure detection of one volume and return the account."""
    if not (folder / "v1/manifest.json").exists():
        run(write_volume(folder / "raw"), folder / "v1", compared="paper")
    (folder / "annotations.tsv").write_text("\n".join([HEADER, *annotations]) + "\n")
    if truth is not None:
        (folder / "truth.tsv").write_text("\n".join([TRUTH, *truth]) + "\n")
    main(
        manifests=[str(folder / "v1/manifest.json")],
        annotations=str(folder / "annotations.tsv"),
        truth=str(folder / "truth.tsv") if truth is not None else None,
        detection=str(folder / "detection.json"),
        pictures=str(folder / "pictures"),
        labels={"tolerance_mm": 0.3, "slice_tolerance": 1, "unlabelled": "fail"},
    )
    return Detection.read(folder / "detection.json")


def test_spots_are_covered_and_empty_places_are_not(tmp_path: Path) -> None:
    rows = [f"v1\t{focus}\t{x}\t{y}\t2\tcalcification" for y, x, focus in CALCIFICATIONS]
    facts = account(tmp_path, [*rows, "v1\t2\t20\t40\t2\tcluster"])
    assert facts.slices == 5
    assert sorted(facts.generators) == ["local", "paper"]
    local = facts.generators["local"]
    assert local.kinds["calcification"].found.recall == 1
    assert (local.kinds["calcification"].by_chance.recall or 0) < 0.3
    assert local.kinds["calcification"].by_chance.findings >= 3
    assert local.kinds["cluster"].found.recall == 0
    assert 0 < local.small_objects_per_slice < 10
    assert local.by_visibility == ()


def test_findings_stand_on_the_picture_hit_and_missed(tmp_path: Path) -> None:
    account(tmp_path, [])
    plain = (tmp_path / "pictures/v1.png").read_bytes()
    assert plain == (tmp_path / "v1/overlay.png").read_bytes()
    y, x, focus = CALCIFICATIONS[0]
    account(tmp_path, [f"v1\t{focus}\t{x}\t{y}\t2\tcalcification", "v1\t2\t20\t40\t2\tcluster"])
    assert (tmp_path / "v1/overlay.png").read_bytes() == plain
    with Image.open(tmp_path / "pictures/v1.png") as picture:
        colours = {colour for _, colour in picture.convert("RGB").getcolors(1 << 20) or []}
    assert {HIT, MISSED} <= colours
    account(tmp_path, [], ["v1\tend_on_vessel\t20\t40\t2\t0.3\t1"])
    assert (tmp_path / "pictures/v1.png").read_bytes() != plain  # its heading says: put in


def test_truth_adds_bins_of_visibility_and_other_objects(tmp_path: Path) -> None:
    spots = [f"v1\tcalcification\t{x}\t{y}\t{focus}\t0.3\t7" for y, x, focus in CALCIFICATIONS]
    hidden = ["v1\tcalcification\t20\t40\t2\t0.3\t1", "v1\tclip\t20\t60\t2\t2.0\t40"]
    local = account(tmp_path, [], spots + hidden).generators["local"]
    visible = {rates.above: rates.found for rates in local.by_visibility}
    assert visible[5].recall == 1
    assert visible[0].recall == 0
    assert local.strong.findings == 3
    assert local.other_objects["clip"].findings == 1
    assert local.kinds == {}


def test_a_table_that_is_not_as_measured_says_what_makes_it_again(tmp_path: Path) -> None:
    account(tmp_path, [])
    path, manifest = tmp_path / "v1/search.parquet", tmp_path / "v1/manifest.json"
    refused = rf"E301.*{path}.*: rm {manifest}"
    table, facts = read_parquet(path), VolumeManifest.read(manifest)
    (tmp_path / "v1/overlay.png").unlink()
    (tmp_path / "v1/previews.parquet").rename(tmp_path / "previews")
    with pytest.raises(TomocalcError, match=rf"E301.*previews.parquet.*: rm {manifest}"):
        account(tmp_path, [])
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TomocalcError, match=refused):
        VolumeObjects.read(path)
    for damage in (lambda: None, path.unlink):
        damage()
        with pytest.raises(TomocalcError, match=refused):
            account(tmp_path, [])
    write_parquet(path, table)  # as an earlier version did: the footer says nothing
    replace(facts, objects=replace(facts.objects, sha256=file_sha256(path))).write(manifest)
    with pytest.raises(TomocalcError, match=refused):
        account(tmp_path, [])


def test_an_annotation_of_an_unknown_volume_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match="E303"):
        account(tmp_path, ["v2\t1\t5\t5\t2\tcluster"])
