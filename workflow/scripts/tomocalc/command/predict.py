"""``tomocalc predict``: what a released model marks in volumes, without a run of the workflow."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tomocalc.command.outputs import outputs
from tomocalc.errors import TomocalcError, fault, in_one_line

if TYPE_CHECKING:
    from tomocalc.predict import Prediction

IDENTIFIERS = ("pseudonymous", "source", "none")


def add_parser(commands: Any) -> None:
    """Add the command to the sub-commands of a parser."""
    predict = commands.add_parser(
        "predict",
        help="score volumes with a released model",
        description="Score volumes with a released model. Spacing, side and view come from the "
        "headers; a research tool, not a medical device.",
    )
    predict.set_defaults(run=_predict)
    predict.add_argument("volume", nargs="+", help="a file, a folder of slices, or one of volumes")
    predict.add_argument("--model", required=True, metavar="DIR", help="a released model")
    predict.add_argument("--out", type=Path, metavar="DIR", help="a folder for every volume's page")
    predict.add_argument("--pixel-spacing-mm", type=_length, metavar="MM", help="if no header says")
    predict.add_argument("--slice-spacing-mm", type=_length, metavar="MM", help="if no header says")
    predict.add_argument("--laterality", choices=("L", "R"), help="default: the header's")
    predict.add_argument("--view", metavar="VIEW", help="default: the header's")
    predict.add_argument("--simulated", action="store_true", help="the volumes are in silico")
    predict.add_argument(
        "--identifiers",
        choices=IDENTIFIERS,
        default=IDENTIFIERS[0],
        help="of the DICOM objects; with none there are no such objects",
    )


def _length(text: str) -> float:
    """Return a length in mm."""
    with contextlib.suppress(ValueError):
        if 0 < (value := float(text)) < float("inf"):
            return value
    raise argparse.ArgumentTypeError(f"{text} is no length in mm")


def _predict(given: argparse.Namespace) -> int:
    # here: --help need not wait for what computes
    from tomocalc.command.volumes import volumes_in
    from tomocalc.model.release import load_model
    from tomocalc.predict import predict_volume

    with tempfile.TemporaryDirectory() as links:
        sources: list[tuple[str, Path]] = []
        for number, place in enumerate(given.volume):
            found, others = volumes_in(place, Path(links, str(number)))
            sources += found.items()
            _tell_others(place, len(found), others)
        names = [name for name, _ in sources]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice and given.out:
            raise fault("folder_shared", given.out / twice, "their names are the same")
        with outputs(folders=[given.out], files=[]):
            model, wrong = load_model(given.model), 0
        for name, volume in sources:
            try:
                prediction = predict_volume(
                    volume,
                    model,
                    volume_id=name,
                    patient_id=name,
                    laterality=given.laterality,
                    view=given.view,
                    pixel_spacing_mm=given.pixel_spacing_mm,
                    slice_spacing_mm=given.slice_spacing_mm,
                    simulated=given.simulated or None,
                )
                print(_told(prediction))  # noqa: T201
                if given.out:
                    with outputs(folders=[given.out / name], files=[]):
                        _write(prediction, given.out / name, given.identifiers)
                    print(f"  written: {given.out / name / 'volume.html'}")  # noqa: T201
            except TomocalcError as error:
                wrong = 2
                print(in_one_line(error), file=sys.stderr)  # noqa: T201
    return wrong


def _tell_others(place: str, volumes: int, others: Mapping[str, str]) -> None:
    """Say what lies in a folder of several volumes and is none."""
    if volumes > 1 or others:
        counted = f"{place}: {volumes} volumes, and {len(others)} other files"
        print(counted, file=sys.stderr)  # noqa: T201
    for what, why in sorted(others.items()):
        print(f"  no volume: {what}: {why}", file=sys.stderr)  # noqa: T201


def _told(prediction: Prediction) -> str:
    from tomocalc.accounts.doubts import doubt_sentence
    from tomocalc.pages.words import plural, score
    from tomocalc.prediction.fit import caution_text

    found = prediction.scores
    counted = f"{found.flagged:,} of {plural(found.candidates, 'candidate')} flagged, "
    counted += plural(found.clusters, "cluster")
    if found.question == "malignancy":
        called = sum(one.flagged for one in found.judged)
        counted = f"{called:,} of {plural(len(found.judged), 'cluster')} called malignant"
    scored = f"score {score(found.score)}, threshold {score(found.threshold)}"
    lines = [f"{found.volume_id}: {scored}; {counted}"]
    lines += [f"  caution: {caution_text(one)}" for one in found.cautions]
    lines += [f"  doubt: {doubt_sentence(one)}" for one in found.doubts]
    return "\n".join(lines)


def _write(prediction: Prediction, folder: Path, identifiers: str) -> None:
    """Write tables, objects, picture and page of a volume: all of them or, on a fault, none.

    What an earlier call has left in *folder* and this one does not make is removed.
    """
    from tomocalc.files import write_bytes, write_together
    from tomocalc.image.overlay import volume_overlay
    from tomocalc.predict import FILES

    with tempfile.TemporaryDirectory() as place:
        made, measured = Path(place), prediction.measured
        prediction.write_tables(made)
        if identifiers != "none":
            prediction.write_dicom(made, identifiers=identifiers)
        picture = volume_overlay(
            measured.manifest,
            measured.found,
            measured.previews,
            in_silico=prediction.scores.simulated,
        )
        write_bytes(made / "overlay.png", picture)
        files = [name for name in FILES if (made / name).exists()]
        prediction.write_page(made / "volume.html", files=files)
        write_together(folder, {path.name: path.read_bytes() for path in sorted(made.iterdir())})
    for name in set(FILES) - set(files):
        (folder / name).unlink(missing_ok=True)
