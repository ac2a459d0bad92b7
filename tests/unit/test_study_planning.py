"""Plans of studies: the pilot's figures are exact, and a plan moves as a planner expects."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from support.pilot import pilot
from tomocalc.command.main import main
from tomocalc.errors import TomocalcError
from tomocalc.evaluation.weighted import figures_left_out
from tomocalc.study import plays
from tomocalc.study.planning import plan_study


def test_figures_and_intervals_are_those_of_the_evaluation() -> None:
    frame = pilot()
    label, group = frame["label"].to_numpy(), frame["patient_id"].to_numpy()
    one = np.ones((1, 24))
    for name in ("probability", "other"):
        score = frame[name].to_numpy()
        found = figures_left_out(label, score, group.astype(np.int32), threshold=0.0)
        made = plays.Pilot.of(label == 1, score, group)
        assert made.auroc(one)[0] == pytest.approx(found.values["auroc"])
        assert made.without(one)[0] == pytest.approx(found.without["auroc"])
        limits = found.figure("auroc", 0.95)
        half = plays.half_widths(made, one, 0.95)[0]
        assert half == pytest.approx((limits.high - limits.low) / 2)


def test_a_patient_drawn_twice_counts_as_two() -> None:
    frame = pilot(8)
    more = pl.concat(
        [frame, frame.filter(pl.col("patient_id") == 2).with_columns(patient_id=pl.lit(99))],
        how="vertical_relaxed",
    )
    label, score = (more[name].to_numpy() for name in ("label", "probability"))
    group = more["patient_id"].rank("dense").to_numpy().astype(np.int32)
    found = figures_left_out(label, score, group, threshold=0.0)
    made = plays.Pilot.of(
        frame["label"].to_numpy() == 1,
        frame["probability"].to_numpy(),
        frame["patient_id"].to_numpy(),
    )
    weight = np.where(np.arange(8) == 2, 2.0, 1.0)[None]
    assert made.auroc(weight)[0] == pytest.approx(found.values["auroc"])
    assert made.without(weight)[0] == pytest.approx(found.without["auroc"][:8])


def test_more_is_wanted_more_patients_are_needed() -> None:
    frame = pilot()
    wide, narrow = (plan_study(frame, half_width=width, studies=300) for width in (0.08, 0.04))
    assert narrow.with_calcifications > 2.5 * wide.with_calcifications
    assert wide.power >= 0.8
    assert wide.pilot == (12, 12)
    lead = {"other": "other", "studies": 300}
    small, large = (plan_study(frame, lead=size, **lead) for size in (0.05, 0.1))
    assert small.without > 2 * large.without
    assert small.lead == pytest.approx(large.lead)
    rare = plan_study(frame, half_width=0.08, share=0.2, studies=300)
    assert rare.without == pytest.approx(4 * rare.with_calcifications, abs=4)
    assert plan_study(frame, half_width=0.08, studies=300) == wide


def test_the_test_part_alone_counts() -> None:
    frame = pilot(40).with_columns(
        part=pl.when(pl.col("patient_id") < 24).then(pl.lit("test")).otherwise(pl.lit("train"))
    )
    assert plan_study(frame, half_width=0.08, studies=100).pilot == (12, 12)


def test_what_cannot_be_planned_is_said() -> None:
    with pytest.raises(TomocalcError, match=r"E308.*neither a precision nor a lead"):
        plan_study(pilot(), studies=20)
    with pytest.raises(TomocalcError, match=r"E308.*that over another score"):
        plan_study(pilot(), studies=20, lead=0.1)
    with pytest.raises(TomocalcError, match=r"E308.*between 0 and 1"):
        plan_study(pilot(), studies=20, half_width=0.1, share=2.0)
    with pytest.raises(TomocalcError, match=r"E308.*score and other.*rank all candidates alike"):
        plan_study(pilot(), studies=20, lead=0.1, other="probability")
    for nobody in (None, "", "NA"):
        unnamed = pilot().with_columns(pl.col("patient_id").cast(str).replace("3", nobody))
        with pytest.raises(TomocalcError, match=r"E308.*column patient_id.*row \d+ holds no name"):
            plan_study(unnamed, studies=20, half_width=0.1)
    with pytest.raises(TomocalcError, match=r"E308.*no row of the pilot is in it"):
        plan_study(pilot().with_columns(part=1), studies=20, half_width=0.1)
    with pytest.raises(TomocalcError, match=r"E308.*4 patients with and 4 without"):
        plan_study(pilot(8), half_width=0.1)


def test_the_command_says_it_in_two_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pilot().write_csv(tmp_path / "pilot.csv")
    asked = "--half-width 0.1 --share 0.4 --confidence 0.9 --seed 1"
    assert main(["plan", str(tmp_path / "pilot.csv"), *asked.split()]) == 0
    first, second = capsys.readouterr().out.splitlines()
    found = plan_study(pilot(), half_width=0.1, share=0.4, confidence=0.9, seed=1)
    assert first.startswith(f"{found.with_calcifications} patients with a positive row and ")
    assert first.endswith("of such studies reach it.")
    assert second.startswith("Pilot: 12 with and 12 without, AUROC 0.")
