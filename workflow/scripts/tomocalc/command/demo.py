"""``tomocalc demo``: an audit, and candidates or marks in an in-silico volume, in seconds."""

import argparse
from pathlib import Path
from typing import Any

from tomocalc.command import audit, predict
from tomocalc.command.outputs import outputs
from tomocalc.errors import fault, quoted

PATIENTS, ROWS = 60, 20
VOLUME = "P001-LCC"


def add_parser(commands: Any) -> None:
    """Add the command to the sub-commands of a parser."""
    demo = commands.add_parser(
        "demo",
        help="audit a simulated table, and look for candidates in a simulated volume",
        description="Write a simulated table whose split leaks and audit it; write a simulated "
        "volume (DICOM) and look for candidates in it, or score it with a model. The workflow "
        "itself is not in the package: make demo, in its folder, runs it.",
    )
    demo.set_defaults(run=_demo)
    demo.add_argument("--out", type=Path, default=Path("tomocalc_demo"), metavar="DIR")
    demo.add_argument("--model", metavar="DIR", help="a released model, as the workflow makes it")


def _demo(given: argparse.Namespace) -> int:
    if given.out.exists() and (not given.out.is_dir() or any(given.out.iterdir())):
        raise fault("demo_overwrites", given.out, "it is there already")
    with outputs(folders=[given.out], files=[]):
        return _show(given)


def _show(given: argparse.Namespace) -> int:
    if given.model:  # before what takes time
        from tomocalc.model.release import load_model

        load_model(given.model)
    parser = argparse.ArgumentParser(prog="tomocalc")
    commands = parser.add_subparsers()
    for command in (audit, predict):
        command.add_parser(commands)
    volume = _write_volume(given.out)  # first: it may lack a package
    table = _write_table(given.out)
    columns = ["--label", "label", "--patient", "patient", "--permutations", "199"]
    calls = [["audit", str(table), *columns, "--out", str(given.out / "audit")]]
    if given.model:
        marks = ["--model", given.model, "--simulated", "--out", str(given.out / "marks")]
        calls.append(["predict", str(volume), *marks])
    for call in calls:
        print(f"\n$ tomocalc {quoted(*call)}")  # noqa: T201
        asked = parser.parse_args(call)
        if code := asked.run(asked):
            return code
    if not given.model:
        print(f"\n{volume}: {_candidates(volume)} candidates (in silico)")  # noqa: T201
        print("No model is in the package: --model DIR scores them.")  # noqa: T201
    print("The whole workflow runs in its own folder: make demo")  # noqa: T201
    return 0


def _write_table(folder: Path) -> Path:
    """Write a table of patients whose candidates were dealt to the parts one by one."""
    import numpy as np

    from tomocalc.files import write_text

    generator = np.random.default_rng(1)
    lines = ["patient,area,contrast,label,part"]
    for number in range(PATIENTS * ROWS):
        patient = number // ROWS
        label = int(patient % 3 == 0 and generator.random() < 0.4)
        area, contrast = generator.normal([0.5 * label, label], 1)
        part = "test" if generator.random() < 0.3 else "train"
        lines.append(f"P{patient:02},{area:.5f},{contrast:.5f},{label},{part}")
    path = folder / "cases.csv"
    write_text(path, "\n".join(lines) + "\n")
    return path


def _write_volume(folder: Path) -> Path:
    from tomocalc.files import write_bytes
    from tomocalc.phantom.cohort import PhantomVolume
    from tomocalc.phantom.dicom import dicom_bytes, image_dataset
    from tomocalc.phantom.settings import Settings
    from tomocalc.phantom.volume import BITS, simulate

    settings = Settings(
        rows=384,
        columns=256,
        slices=24,
        pixel_spacing_mm=0.1,
        slice_spacing_mm=1.0,
        projections=15,
        half_angle_deg=15.0,
        photons=3000.0,
        end_on_vessels=7.0,
        difficulty=0.5,
    )
    volume = PhantomVolume(
        volume_id=VOLUME, patient_id="P001", laterality="L", view="CC", calcified=True, outcome=None
    )
    made = simulate(volume, seed=1, settings=settings)
    path = folder / f"{VOLUME}.dcm"
    image = image_dataset(made.stored, volume, seed=1, bits=BITS, settings=settings)
    write_bytes(path, dicom_bytes(image))
    return path


def _candidates(path: Path) -> int:
    """Return how many candidates the search of the default configuration finds."""
    import tempfile

    from tomocalc.accounts.settings import Settings
    from tomocalc.image.extraction import measure_volume
    from tomocalc.predict import IMAGE

    settings = Settings(
        measure_on="normalised",
        blur_sigma_mm=0.1,
        texture=False,
        generator="local",
        threshold_k=4.5,
        min_diameter_mm=0.1,
        max_diameter_mm=1.5,
        max_per_slice=50000,
        link_radius_mm=0.5,
        sequence_slices=7,
    )
    nothing = ("laterality", "view", "site", "pixel_spacing_mm", "slice_spacing_mm", "sha256")
    row = {"volume_id": VOLUME, "patient_id": "P001", **dict.fromkeys(nothing)}
    with tempfile.TemporaryDirectory() as place:
        found = measure_volume(path, row=row, image=IMAGE, settings=settings, folder=Path(place))
    return found.manifest.candidates
