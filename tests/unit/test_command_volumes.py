"""The volumes in a folder that a command is given."""

from pathlib import Path

from PIL import Image

from support.imports import dicom
from tomocalc.command.volumes import volumes_in


def test_each_volume_of_an_examination_is_found_and_the_rest_is_listed(tmp_path: Path) -> None:
    exam = tmp_path / "exam"
    for number in range(6):  # two series by turns, as a flat export leaves them
        dicom(exam / f"flat/{number}.dcm", SeriesInstanceUID=f"1.2.{number % 2}")
    for number in range(3):
        dicom(exam / f"LCC/{number}.dcm", SeriesInstanceUID="1.2.5")
    dicom(exam / "RMLO.dcm", SeriesInstanceUID="1.2.6", frames=3)
    drawn = ["DERIVED", "PRIMARY", "TOMO_2D", "GENERATED_2D"]
    dicom(exam / "synthetic.dcm", SeriesInstanceUID="1.2.7", ImageType=drawn)
    Image.new("L", (20, 24)).save(exam / "flat/0.png")
    (exam / "notes.txt").write_text("read me")
    found, others = volumes_in(str(exam), tmp_path / "links")
    flat = sorted(name for name in found if name.startswith("flat-"))
    assert sorted(found) == ["LCC", "RMLO", *flat]
    assert [len(list(found[name].iterdir())) for name in flat] == [3, 3]
    assert (found["RMLO"], found["LCC"]) == (exam / "RMLO.dcm", exam / "LCC")
    assert others["notes.txt"] == "not an image of a supported kind: it is text"
    assert others["synthetic"] == "synthetic 2D"


def test_a_folder_of_one_volume_is_left_to_the_reader(tmp_path: Path) -> None:
    for number in range(3):  # headers without a series of their own
        dicom(tmp_path / f"a/{number}.dcm", SeriesInstanceUID=f"1.2.{number}")
        (tmp_path / f"b/{number}").mkdir(parents=True)
        Image.new("L", (20, 24)).save(tmp_path / f"b/{number}/0.png")
    assert volumes_in(str(tmp_path / "a"), tmp_path / "l") == ({"a": tmp_path / "a"}, {})
    pictures = {str(number): tmp_path / f"b/{number}" for number in range(3)}
    assert volumes_in(str(tmp_path / "b"), tmp_path / "m") == (pictures, {})
    file = tmp_path / "a/0.dcm"
    assert volumes_in(str(file), tmp_path / "n") == ({"0": file}, {})
