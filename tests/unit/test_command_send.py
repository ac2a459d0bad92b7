"""tomocalc send, to archives on loopback that take, refuse, or are not there."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import BreastTomosynthesisImageStorage

from support.archive import KINDS, Archive, running_archive
from support.dicom_objects import cad, presentation, report, segmentation
from tomocalc.command.main import main


@pytest.fixture
def objects(tmp_path: Path) -> Path:
    folder = tmp_path / "breast"
    folder.mkdir()
    made = {"cad": cad, "presentation": presentation, "report": report, "mask": segmentation}
    for name, make in made.items():
        (folder / f"{name}.dcm").write_bytes(make())
    return folder


@pytest.fixture
def archive(request: pytest.FixtureRequest) -> Iterator[Archive]:
    with running_archive(**getattr(request, "param", {})) as made:
        yield made


def test_all_objects_arrive(
    archive: Archive, objects: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["send", str(objects), "--to", archive.address]) == 0
    assert sorted(archive.kept) == sorted(
        pydicom.dcmread(path).SOPInstanceUID for path in objects.iterdir()
    )
    assert capsys.readouterr().out == f"4 stored in {archive.address}\n"


def test_dcmtk_stores_what_is_sent(objects: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = tmp_path / "kept"
    place.mkdir()
    try:
        server = subprocess.Popen(["storescp", "--output-directory", place, str(port)])
    except FileNotFoundError:
        pytest.skip("storescp is not installed")
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        assert main(["send", str(objects), "--to", f"127.0.0.1:{port}"]) == 0
    finally:
        server.terminate()
        server.wait(10)
    assert {pydicom.dcmread(path).SOPClassUID for path in place.iterdir()} == set(KINDS)


@pytest.mark.parametrize(
    ("archive", "says"),
    [
        ({"status": 0xA700}, "it answers 0xA700"),
        ({"title": "OTHER"}, "rejects the association"),
        ({"kinds": (BreastTomosynthesisImageStorage,)}, "takes none of these kinds"),
        ({"kinds": KINDS[:1]}, "does not take objects of the kind"),
    ],
    indirect=["archive"],
)
def test_a_refusal_is_one_line(
    archive: Archive, objects: Path, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["send", str(objects), "--to", archive.address]) == 2
    error = capsys.readouterr().err
    assert error.startswith("ERROR [E604]")
    assert says in error
    assert error.count("\n") == 1
    assert len(archive.kept) <= 1
