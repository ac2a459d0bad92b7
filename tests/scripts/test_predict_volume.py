"""predict_volume and predict on a small volume."""

from pathlib import Path

import polars as pl
import pytest
from msgspec.structs import replace

from support.image_files import write_dicom
from support.image_volumes import IMAGE, files, volume_frames
from support.predictions import changed, gather, predict, released
from tomocalc.accounts.prediction import VolumeScores
from tomocalc.errors import TomocalcError
from tomocalc.model.release import load_model
from tomocalc.parquet import read_parquet
from tomocalc.predict import predict_volume as scored


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prediction")
    released(folder, sequence_slices=3)
    return folder


def test_every_output_is_written_and_agrees(prepared: Path, tmp_path: Path) -> None:
    predict(prepared, tmp_path)
    table = read_parquet(tmp_path / "marks.parquet")
    sheet = pl.read_csv(tmp_path / "marks.tsv", separator="\t", infer_schema_length=None)
    assert sheet.columns == table.columns
    assert sheet["candidate_id"].to_list() == table["candidate_id"].to_list()
    scores = VolumeScores.read(tmp_path / "scores.json")
    assert scores.candidates == table.height
    assert scores.score == table["probability"][0]
    page = (tmp_path / "volume.html").read_text()
    assert 'href="segmentation.dcm"' in page
    assert "research use only" in page


def test_measured_on_the_way_it_gives_the_same_bytes(prepared: Path, tmp_path: Path) -> None:
    features = tmp_path / "features"
    predict(prepared, tmp_path / "one")
    predict(prepared, tmp_path / "two", features=features)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    for content in files(tmp_path / "one").values():
        assert str(prepared).encode() not in content
    assert (features / "overlay.png").stat().st_size > 1000


def test_another_model_measures_nothing_again(
    prepared: Path, tmp_path: Path, decoded: list[int]
) -> None:
    predict(prepared, tmp_path / "one", features=tmp_path / "features")
    decoded.clear()
    predict(prepared, tmp_path / "two", features=tmp_path / "features")
    assert len(decoded) == 3, "the places that a volume is looked at when it is opened"
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_dicom_objects_of_an_earlier_call_go_where_this_one_makes_none(
    prepared: Path, tmp_path: Path
) -> None:
    predict(prepared, tmp_path, features=tmp_path / "features")
    assert len(list(tmp_path.glob("*.dcm"))) == 4
    predict(prepared, tmp_path, features=tmp_path / "features", laterality=None)
    made = {path.stem for path in tmp_path.glob("*.dcm")}
    assert made == {"report", "segmentation", "presentation"}, "nobody says the side"
    assert "cad.dcm" not in (tmp_path / "volume.html").read_text()
    predict(prepared, tmp_path, dicom=False)
    assert not list(tmp_path.glob("*.dcm"))
    assert ".dcm" not in (tmp_path / "volume.html").read_text()


def test_a_bad_file_has_no_identifiers_of_its_own(prepared: Path, tmp_path: Path) -> None:
    for index, frame in enumerate(volume_frames()):
        place = {"spacing": (0.1, 0.1), "positions": [[float(index), 0.0, 0.0]]}
        write_dicom(tmp_path / f"{index}.dcm", [frame], SOPInstanceUID=f"1.2.{index}", **place)
    (tmp_path / "4.dcm").write_bytes((tmp_path / "4.dcm").read_bytes()[:200])
    image = {**IMAGE, "on_bad_slice": "quarantine"}
    prediction = scored(tmp_path, prepared / "model", laterality="L", view="CC", image=image)
    with pytest.raises(TomocalcError, match=r"E601.*a slice could not be read.*pseudonymous"):
        prediction.write_dicom(tmp_path, identifiers="source")


def test_an_altered_shard_is_refused(prepared: Path, tmp_path: Path) -> None:
    shard = prepared / "features/0001.parquet"
    content = shard.read_bytes()
    shard.write_bytes(content[:-1])
    try:
        with pytest.raises(TomocalcError, match="E301"):
            predict(prepared, tmp_path)
    finally:
        shard.write_bytes(content)
    assert not list(tmp_path.iterdir())


def test_a_model_of_another_spacing_is_refused_before_anything_is_written(
    prepared: Path, tmp_path: Path
) -> None:
    own, other = prepared / "model/model.safetensors", tmp_path / "other"
    how = load_model(own).domain.extraction
    changed(own, other / "model", extraction=replace(how, pixel_spacing_mm=(0.05, 0.06)))
    for name in ("raw", "features"):
        (other / name).symlink_to(prepared / name)
    with pytest.raises(TomocalcError, match=r"pixel_spacing_mm is 0\.1, .* 0\.05"):
        predict(other, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_volumes_are_gathered_by_patient(prepared: Path, tmp_path: Path) -> None:
    places = []
    for name, patient, score in (("a", "p1", 0.2), ("b", "p1", 0.9), ("c", "p2", 0.5)):
        predict(prepared, tmp_path / name, dicom=False)
        path = tmp_path / name / "scores.json"
        facts = VolumeScores.read(path)
        replace(facts, volume_id=name, patient_id=patient, score=score).write(path)
        places.append(tmp_path / name)
    weights, picture = prepared / "model/model.safetensors", prepared / "features/overlay.png"
    gather(tmp_path, places, weights=weights, overlays=[picture] * 3, own=True)
    patients = pl.read_csv(tmp_path / "patients.tsv", separator="\t")
    assert patients.select("patient_id", "volumes", "score").rows() == [
        ("p1", 2, 0.9),
        ("p2", 1, 0.5),
    ]
    page = (tmp_path / "index.html").read_text()
    assert 'href="b/volume.html"' in page
    assert "it was trained on most of them" in page


def test_nothing_to_predict_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(TomocalcError, match="--config model=FOLDER volumes=SHEET"):
        gather(tmp_path, [], own=True)
