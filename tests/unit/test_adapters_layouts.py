"""INbreast and VICTRE as they are published, and trees as downloaders leave them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

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
from tomocalc.dataset.annotations import findings_of, lines_of
from tomocalc.errors import TomocalcError


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
    assert [row["kind"] for row in others] == ["area", "mass"]
    area = others[0]
    assert area["x"] == pytest.approx(5, abs=0.1)
    assert area["height"] == pytest.approx(7, abs=0.1)
    assert [row["what"] for row in sheets.unplaced] == ["1 regions of 1001.xml"]


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


def test_victre_headers_name_a_link_to_the_raw_file(pipeline: Path, tmp_path: Path) -> None:
    victre(pipeline, files=tmp_path / "files")
    header = (tmp_path / "files/victre-7.mhd").read_text()
    assert "DimSize = 200 100 12\nElementSpacing = 0.085 0.085 1.0\n" in header
    assert (tmp_path / "files/victre-7.raw").resolve() == pipeline / "7/reconstruction7.raw"


def test_victre_of_the_trial_goes_by_its_densities(tmp_path: Path) -> None:
    folder = tmp_path / "trial"
    folder.mkdir()
    for name in ("DBT_dense_pcl_-31_recon", "DBT_dense_pc_32_recon", "DBT_dense_pcl_33_recon"):
        with (folder / f"{name}.raw").open("wb") as handle:
            handle.truncate(1130 * 477 * 38 * 8)
    (folder / "DBT_fatty_pcl_34_recon.raw").write_bytes(b"cut short")
    (folder / "roi_SP_-31.loc").write_text("455 327 18 0\n374 258 11 1\n")
    sheets = victre(folder, files=tmp_path / "files")
    volumes, calcified, others = accepted(sheets, tmp_path)
    assert [row["volume_id"] for row in volumes] == ["victre-32", "victre-n31"]
    assert {(row["x"], row["y"]) for row in calcified} == {(455, 327)}
    assert {(row["x"], row["y"]) for row in others} == {(374, 258)}
    reasons = {row["what"]: row["reason"] for row in sheets.unplaced}
    assert "no .loc file" in reasons["DBT_dense_pcl_33_recon.raw"]
    assert "it has 9 bytes" in reasons["DBT_fatty_pcl_34_recon.raw"]


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
    folder = below(cbis_ddsm_folder(tmp_path / "cbis"), "*.csv", "manifest-1566/CBIS-DDSM")
    sheets = cbis_ddsm(folder, pixel_spacing_mm=0.05)
    assert [len(sheets.volumes), len(sheets.annotations)] == [1, 1]


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
