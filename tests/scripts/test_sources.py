"""Data from elsewhere: a fetched table, a folder of mini-MIAS, the phantom's sheets."""

import hashlib

import pytest
from PIL import Image

import fetch_table
import import_dataset
import write_phantom_sheets
from support.defaults import SCHEMA_PATHS
from support.imports import read_back
from support.local_server import serving
from tomocalc.errors import TomocalcError

TABLE = b"1,2,yes\n"
SHA256 = hashlib.sha256(TABLE).hexdigest()


@pytest.fixture
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "t.csv").write_bytes(TABLE)
    with serving(folder) as address:
        yield f"{address}/t.csv"


def test_a_table_is_fetched_and_checked(address, tmp_path):
    table = tmp_path / "t.csv"
    fetch_table.main(address=address, sha256=SHA256, table=str(table))
    assert table.read_bytes() == TABLE


def test_another_content_is_refused_and_not_kept(address, tmp_path):
    table = tmp_path / "t.csv"
    with pytest.raises(TomocalcError, match=f"its SHA-256 is {SHA256}, not 00"):
        fetch_table.main(address=address, sha256="00", table=str(table))
    assert not table.exists()


@pytest.mark.parametrize("change", [("t.csv", "none.csv"), ("http", "file")])
def test_what_cannot_be_fetched_is_named(address, tmp_path, change):
    with pytest.raises(TomocalcError, match="E305"):
        fetch_table.main(
            address=address.replace(*change), sha256=SHA256, table=str(tmp_path / "t.csv")
        )


INFO = """\
mdb001 G CIRC B 535 425 197
mdb002 G CALC B 500 300 10
mdb003 D CALC M *NOTE 3*
mdb004 F NORM
mdb006 F CALC M 100 200 20
mdb006 F CALC M 110 1000 5
"""


@pytest.fixture
def mias(tmp_path):
    for number, side in ((1, 1024), (2, 1024), (3, 1024), (4, 1024), (6, 512)):
        Image.new("L", (side, side)).save(tmp_path / f"mdb{number:03d}.png")
    (tmp_path / "films").mkdir()
    (tmp_path / "films/MDB007.PGM").touch()
    (tmp_path / "INFO.TXT").write_text(INFO)
    return tmp_path


def imported(folder, tmp_path):
    import_dataset.main(
        dataset="mini_mias",
        folder=str(folder),
        settings={},
        files=str(tmp_path / "files"),
        schemas=SCHEMA_PATHS,
        **{name: str(tmp_path / f"{name}.tsv") for name in ("volumes", "annotations", "unplaced")},
    )
    return read_back(tmp_path)[:2]


def test_mini_mias_has_its_origin_at_the_bottom(mias, tmp_path):
    volumes, annotations = imported(mias, tmp_path)
    assert [row["volume_id"] for row in volumes] == ["mdb001", "mdb002", "mdb004"]
    assert [row["patient_id"] for row in volumes] == ["mias001", "mias001", "mias002"]
    assert [row["laterality"] for row in volumes] == ["R", "L", "L"]
    assert [(row["x"], row["y"], row["radius"]) for row in annotations] == [(500, 723, 10)]
    left_out = (tmp_path / "unplaced.tsv").read_text()
    assert "MDB007.PGM\tInfo.txt does not list it" in left_out
    assert "mdb006.png\tit has not the 1024 x 1024 pixels" in left_out


def test_an_import_says_what_it_found_and_what_comes_next(mias, tmp_path, capsys):
    imported(mias, tmp_path)
    volumes, findings, left_out, following, *_ = capsys.readouterr().err.splitlines()
    assert volumes.startswith("3 volumes of 2 patients, 3 images (3 single image): ")
    assert findings.startswith("1 findings (1 cluster): ")
    assert left_out.startswith(f"{len((tmp_path / 'unplaced.tsv').read_text().splitlines()) - 1} ")
    assert following.startswith("Next: snakemake -n --config source=volumes volumes='{sheet: ")
    assert " sequence='{kind: single_step, slices: 1}' pathvars=" in following


def test_mini_mias_without_images_is_named(tmp_path):
    (tmp_path / "Info.txt").write_text(INFO)
    for name, why in ((".", "it holds no mdb"), ("Info.txt", "give the folder of the data set")):
        with pytest.raises(TomocalcError, match=why):
            imported(tmp_path / name, tmp_path)


@pytest.mark.parametrize(("kind", "place"), [("dicom", "v.dcm"), ("png", "png/v")])
def test_the_phantom_sheets_are_what_a_user_would_write(tmp_path, kind, place):
    (tmp_path / "v.annotations.tsv").write_text(
        "volume_id\tslice\tx\ty\tradius\tkind\nv\t1\t2.5\t3\t1\tcalcification\n"
    )
    (tmp_path / "v.truth.tsv").write_text("volume_id\tkind\nv\tclip\n")
    target = tmp_path / place
    target.parent.mkdir(exist_ok=True)
    target.touch()
    write_phantom_sheets.main(
        rows=[{"volume_id": "v", "patient_id": "p", "laterality": "L", "view": "CC"}],
        format=kind,
        annotations=[str(tmp_path / "v.annotations.tsv")],
        truth=[str(tmp_path / "v.truth.tsv")],
        volumes_sheet=str(tmp_path / "volumes.tsv"),
        annotations_sheet=str(tmp_path / "annotations.tsv"),
        truth_sheet=str(tmp_path / "truth.tsv"),
    )
    rows, annotated, _ = read_back(tmp_path)
    assert rows[0]["path"] == str(target)
    assert annotated[0]["x"] == 2.5
