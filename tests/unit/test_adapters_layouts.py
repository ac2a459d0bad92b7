"""INbreast and VICTRE as they are published, and trees as downloaders leave them."""

import plistlib
import shutil
from pathlib import Path

import pytest

from import_dataset import summary
from support.imports import (
    accepted,
    bcs_dbt_folder,
    cbis_ddsm_folder,
    dicom,
    inbreast_folder,
    victre_folder,
)
from support.manifests import manifest
from tomocalc.adapters.bcs_dbt import bcs_dbt
from tomocalc.adapters.cbis_ddsm import cbis_ddsm
from tomocalc.adapters.inbreast import inbreast
from tomocalc.adapters.sheets import Tree
from tomocalc.adapters.victre import victre
from tomocalc.dataset.annotations import findings_of
from tomocalc.errors import TomocalcError
from tomocalc.sections import lines_of


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return inbreast_folder(tmp_path / "INbreast Release 1.0")


def test_inbreast_patients_points_contours_and_areas(release: Path, tmp_path: Path) -> None:
    sheets = inbreast(release)
    volumes, findings, others = accepted(sheets, tmp_path)
    told = [(r["volume_id"], r["patient_id"], r["laterality"], r["view"]) for r in volumes]
    assert told == [
        ("1001", "aa11", "L", "CC"),
        ("1002", "aa11", "R", "MLO"),
        ("1003", "bb22", "L", "CC"),
    ]
    point, contour = findings
    assert (point["kind"], point["x"], point["y"], point["radius"]) == ("calcification", 12, 5, 0)
    assert [contour[name] for name in ("x", "y", "width", "height")] == [2, 8, 3, 3]
    assert sorted(row["kind"] for row in others) == ["area", "area", "mass"]
    area = max(others, key=lambda row: row["width"] or 0)
    assert area["x"] == pytest.approx(5, abs=0.1)
    assert area["height"] == pytest.approx(7, abs=0.1)
    (left, told), table = sheets.unplaced, release / "INbreast.csv"
    assert left["what"] == "1 regions of 1001.xml"
    assert told["reason"] == "images without <image>.xml count as free: 2; of all 410 it is 67"
    table.write_text("File Name;Bi-Rads\n1001;4a\n1002;2\n1003;1\n")  # which regions are lacking
    assert [row["volume_id"] for row in inbreast(release).volumes] == ["1001", "1003"]


def test_inbreast_without_its_regions_is_refused(release: Path) -> None:
    shutil.rmtree(release / "AllXML")
    with pytest.raises(TomocalcError, match="would count as free of calcifications"):
        inbreast(release)


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    return victre_folder(tmp_path / "results")


def test_victre_locations_become_pixels_and_slices(pipeline: Path, tmp_path: Path) -> None:
    sheets = victre(pipeline, files=tmp_path / "files")
    volumes, calcified, others = accepted(sheets, tmp_path)
    assert [row["volume_id"] for row in volumes] == ["victre-7", "victre-n7"]
    assert summary(sheets, "v", "a", "u")[1] == "3 findings (2 cluster; 1 mass): a"
    assert len({row["patient_id"] for row in volumes}) == 2
    measured = [manifest(row["volume_id"], slices=20) for row in volumes]
    findings = {row["volume_id"]: row for row in findings_of(calcified, measured)}
    given = findings["victre-7"]
    assert (given["x"], given["y"], given["slice"]) == (150, 40, 6)
    assert [row["slice"] for row in lines_of(given)] == [6, 4, 5, 7, 8]
    converted = findings["victre-n7"]
    assert (converted["x"], converted["y"], converted["slice"]) == (150, 40, 6)
    (mass,) = findings_of(others, measured)  # a place without a lesion is no finding
    assert sorted(row["slice"] for row in lines_of(mass)) == [0, 1, 2, 3, 4, 5]
    header = (tmp_path / "files/victre-7.mhd").read_text()  # beside a link to the raw file
    assert "DimSize = 200 100 12\nElementSpacing = 0.085 0.085 1.0\n" in header
    assert (tmp_path / "files/victre-7.raw").resolve() == pipeline / "7/reconstruction7.raw"


def test_victre_of_the_trial_goes_by_its_densities(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    folder.mkdir()
    for name in ("DBT_dense_pcl_-31_recon", "DBT_dense_pc_32_recon", "DBT_dense_pcl_33_recon"):
        with (folder / f"{name}.raw").open("wb") as handle:
            handle.truncate(1130 * 477 * 38 * 8)
    (folder / "DBT_fatty_pcl_34_recon.raw").write_bytes(b"cut short")
    lines = [f"{455 - 5 * number} {327} 18 {number}" for number in range(8)]
    (folder / "roi_SP_-31.loc").write_text("\n".join(lines) + "\n")
    sheets = victre(folder, files=tmp_path / "files")
    volumes, calcified, others = accepted(sheets, tmp_path)
    assert [row["volume_id"] for row in volumes] == ["victre-32", "victre-n31"]
    assert {row["x"] for row in calcified} == {455, 450, 445, 440}
    assert {row["x"] for row in others} == {435, 430, 425, 420}
    reasons = {row["what"]: row["reason"] for row in sheets.unplaced}
    assert "no .loc file" in reasons["DBT_dense_pcl_33_recon.raw"]
    assert "it has 9 bytes" in reasons["DBT_fatty_pcl_34_recon.raw"]
    (folder / "roi_SP_-31.loc").write_text("\n".join(lines[:6]) + "\n")
    with pytest.raises(TomocalcError, match=r"E603.*does not name 8 lesions, numbered from 0"):
        victre(folder, files=tmp_path / "again")


def below(folder: Path, tables: str, place: str) -> Path:
    """Move all but the tables to where a downloader would have put it."""
    (folder / place).mkdir(parents=True)
    for path in list(folder.iterdir()):
        if not path.match(tables) and path.name != Path(place).parts[0]:
            path.rename(folder / place / path.name)
    return folder


def test_sets_are_found_where_the_nbia_downloader_leaves_them(tmp_path: Path) -> None:
    folder = below(bcs_dbt_folder(tmp_path / "bcs"), "*.csv", "manifest-1617905855234")
    assert len(bcs_dbt(folder).volumes) == 2
    cbis = below(cbis_ddsm_folder(tmp_path / "cbis"), "*.csv", "manifest-1566/CBIS-DDSM")
    sheets = cbis_ddsm(cbis, pixel_spacing_mm=0.05)
    assert [len(sheets.volumes), len(sheets.annotations)] == [1, 1]
    for path in [*folder.rglob("*.*"), *cbis.rglob("*.*")]:  # what macOS leaves on its disks
        path.with_name(f"._{path.name}").write_bytes(b"Mac OS X")
    for place in ("1.2/1.3", "1.4/1.5"):  # the folders of series alone, as tcia_utils names them
        next(cbis.rglob(place)).rename(cbis / Path(place).name)
    assert len(cbis_ddsm(cbis, pixel_spacing_mm=0.05).annotations) == 1
    (folder / "manifest-1617905855234/a").rename(folder / "DBT-P1")  # as idc-index names them
    (folder / "DBT-P1/1.2/1.3").rename(folder / "DBT-P1/MG_1.3")
    assert bcs_dbt(folder).volumes[0]["path"] == folder / "DBT-P1/MG_1.3/1-1.dcm"


def test_every_set_says_what_its_images_are_and_how_large(tmp_path: Path) -> None:
    film = dict.fromkeys(["kind"], "single image") | {"slices": 1}
    sheets = cbis_ddsm(cbis_ddsm_folder(tmp_path / "cbis"), pixel_spacing_mm=0.05)
    assert sheets.volumes[0].items() >= (film | {"rows": 24, "columns": 20}).items()
    sheets = inbreast(inbreast_folder(tmp_path / "inbreast"))
    told = {"kind": "2D for presentation", "slices": 1, "rows": 24, "columns": 20}
    assert sheets.volumes[0].items() >= told.items()
    folder = bcs_dbt_folder(tmp_path / "bcs")
    dicom(folder / "a/1.2/1.3/1-1.dcm", frames=3)
    sheets = bcs_dbt(folder)
    told = {"kind": "tomosynthesis", "slices": 3, "rows": 24, "columns": 20}
    assert sheets.volumes[0].items() >= told.items()
    assert "slices" not in sheets.volumes[1]  # no image: what is wrong is said where it is read
    sheets = victre(victre_folder(tmp_path / "victre"), files=tmp_path / "files")
    told = {"kind": "tomosynthesis", "slices": 12, "rows": 100, "columns": 200}
    assert sheets.volumes[0].items() >= told.items()


def test_a_published_path_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "set/a").mkdir(parents=True)
    (tmp_path / "out.dcm").touch()
    (tmp_path / "set/a/link.dcm").symlink_to(tmp_path / "out.dcm")
    tree = Tree(tmp_path / "set")
    assert tree.find("a") == tmp_path / "set/a"
    for name in ("../out.dcm", "a/../../out.dcm", str(tmp_path / "out.dcm"), "a/link.dcm", ""):
        assert tree.find(name) is None


def written(folder: Path, pattern: str, old: str, new: str) -> None:
    """Replace text in the files of a pattern."""
    for path in folder.rglob(pattern):
        path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (",", ";"),
        ("PatientID", "\ufeffPatientID"),
        ("rmlo", "RMLO"),
        ("5,6,7,8", "5.0,6.0,7.0,8.0"),
    ],
)
def test_bcs_dbt_tables_as_people_save_them(tmp_path: Path, old: str, new: str) -> None:
    folder = bcs_dbt_folder(tmp_path / "set")
    written(folder, "*boxes*.csv", old, new)
    sheets = bcs_dbt(folder)
    assert [len(sheets.volumes), len(sheets.annotations)] == [2, 2]
    left = {row["what"]: row["reason"] for row in sheets.unplaced}
    assert left["1 boxes of DBT-P9 DBT-S9 lcc"] == "no table of files has this volume"
    next(folder.glob("*boxes*")).unlink()
    assert "no finding is known" in bcs_dbt(folder).unplaced[0]["reason"]


@pytest.mark.parametrize("table", ["BCS-DBT-boxes-train", "BCS-DBT-file-paths-train"])
def test_two_versions_of_a_table_are_refused(tmp_path: Path, table: str) -> None:
    folder = bcs_dbt_folder(tmp_path / "set")
    shutil.copy(folder / f"{table}-v2.csv", folder / f"{table}.csv")
    with pytest.raises(TomocalcError, match=r"E603.*keep one version of each table"):
        bcs_dbt(folder)
    folder = cbis_ddsm_folder(tmp_path / "cbis")
    shutil.copy(folder / "calc_case_description_test_set.csv", folder / "calc_case_description.csv")
    with pytest.raises(TomocalcError, match=r"E603.*keep one version of each table"):
        cbis_ddsm(folder, pixel_spacing_mm=0.05)


def test_endings_in_upper_case_are_found(release: Path, tmp_path: Path) -> None:
    cbis = cbis_ddsm_folder(tmp_path / "cbis")
    for path in [*release.rglob("*.*"), *cbis.rglob("*.dcm")]:
        if path.is_file():
            path.rename(path.with_suffix(path.suffix.upper()))
    assert len(inbreast(release).annotations) == 5
    assert len(cbis_ddsm(cbis, pixel_spacing_mm=0.05).annotations) == 1


def test_inbreast_regions_that_belong_to_no_image_are_said(release: Path) -> None:
    shutil.copy(release / "AllXML/1001.xml", release / "AllXML/1009.xml")
    shutil.copy(release / "AllXML/1001.xml", release / "AllXML/1002 (1).xml")
    shutil.copy(release / "AllXML/1001.xml", release / "1001_muscle.xml")
    told = {row["what"]: row["reason"] for row in inbreast(release).unplaced}
    assert told["1009.xml"] == "its image is not in the folder"
    assert told["AllXML/1002 (1).xml"] == "it is named after no image"
    assert told["1001_muscle.xml"] == "it outlines a muscle, no finding"
    (release / "old").mkdir()
    shutil.copy(release / "AllXML/1001.xml", release / "old/1001.xml")
    with pytest.raises(TomocalcError, match=r"E603.*is named after the same image"):
        inbreast(release)
    shutil.rmtree(release / "old")
    (release / "AllXML/1001.xml").write_text("<plist><key>Images</key></plist>")
    with pytest.raises(TomocalcError, match=r"E603.*it is no property list"):
        inbreast(release)


def test_inbreast_regions_that_were_cut_short_are_refused(release: Path) -> None:
    path = release / "AllXML/1001.xml"
    whole = plistlib.loads(path.read_bytes())
    image = whole["Images"][0]
    image["ROIs"][2]["Point_px"].pop()
    path.write_bytes(plistlib.dumps(whole))
    reasons = {row["reason"]: row["what"] for row in inbreast(release).unplaced}
    assert reasons["no points, or fewer than it says"] == "1 regions of 1001.xml"
    image["ROIs"].pop()
    path.write_bytes(plistlib.dumps(whole))
    with pytest.raises(TomocalcError, match=r"E603.*says that it holds 6 regions, and holds 5"):
        inbreast(release)


@pytest.mark.parametrize(
    ("pattern", "old", "new", "why"),
    [
        ("reconstruction7.mhd", "0.085 0.085", "0.085 0.17", "its pixels are not square"),
        ("reconstruction7.mhd", "MET_DOUBLE", "MET_SHORT", "its values are MET_SHORT"),
        ("reconstruction7.mhd", "NDims", "ElementByteOrderMSB = True\nNDims", "are big-endian"),
    ],
)
def test_victre_volumes_that_cannot_be_read_are_left_out(
    pipeline: Path, tmp_path: Path, pattern: str, old: str, new: str, why: str
) -> None:
    written(pipeline, pattern, old, new)
    sheets = victre(pipeline, files=tmp_path / "files")
    assert [row["volume_id"] for row in sheets.volumes] == ["victre-n7"]
    assert why in sheets.unplaced[0]["reason"]


def test_victre_lesions_outside_the_volume_are_refused(pipeline: Path, tmp_path: Path) -> None:
    shutil.copytree(pipeline / "7", pipeline / "copy")
    with pytest.raises(TomocalcError, match=r"E603.*two volumes would be called victre-7\."):
        accepted(victre(pipeline, files=tmp_path / "again"), tmp_path)
    written(pipeline, "reconstruction7.loc", "150 40 6 1", "150 40 60 1")
    with pytest.raises(TomocalcError, match=r"E603.*lies outside its \(200, 100, 12\) voxels"):
        victre(pipeline, files=tmp_path / "files")
