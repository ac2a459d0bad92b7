"""Scoring: what is refused, what is warned of, what a probability rests on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from support.image_slices import SETTINGS
from support.manifests import manifest
from support.predictions import FEATURES, OF_CLUSTERS, RULE, changed, release, released
from tomocalc.accounts.doubts import Doubt
from tomocalc.accounts.manifest import VolumeManifest, is_simulated
from tomocalc.accounts.prediction import Drift
from tomocalc.accounts.quality import Extraction
from tomocalc.errors import TomocalcError
from tomocalc.image.shards import read_volume_rows
from tomocalc.metrics import Threshold
from tomocalc.model.card import Distribution, Domain, ModelCard, NetworkShape, ReadColumn
from tomocalc.model.preprocessing import Preprocessing
from tomocalc.model.release import ReleasedModel, load_model
from tomocalc.predict import predict_volume
from tomocalc.prediction.attribution import attributions, log_odds
from tomocalc.prediction.fit import caution_text, cautions_of, check_fit, drift, percentile
from tomocalc.prediction.scoring import MARKS, score_volume

HOW = Extraction(
    settings_keys=(manifest().settings_key,),
    settings=SETTINGS,
    pixel_spacing_mm=(0.08, 0.1),
    slice_spacing_mm=(1.0, 1.0),
)
VOLUMES = Domain(source="volumes", extraction=HOW, candidates=1000, features={})
TABLE = msgspec.structs.replace(VOLUMES, source="table", extraction=None)
CARD = ModelCard(
    features=(ReadColumn(name="area", unit=""),),
    sequence={"kind": "slices", "slices": 7},
    preprocessing=Preprocessing("standard", (), ()),
    shape=NetworkShape(inputs=1, units=(4,), dropout=0.1, members=1),
    threshold=Threshold("half", 0.5, None),
    domain=VOLUMES,
)
FINE = (0.09, 0.09)


def test_a_model_that_fits_is_accepted() -> None:
    check_fit(CARD, manifest(pixel_spacing_mm=FINE), tolerance=0.0)


@pytest.mark.parametrize(
    ("card", "changes", "why"),
    [
        ({"domain": None}, {}, "does not say what the model was trained on"),
        ({"domain": TABLE}, {}, "trained on a finished table"),
        ({"features": (ReadColumn(name="age", unit=""),)}, {}, "it reads age"),
        (
            {},
            {"settings_key": "x", "settings": replace(SETTINGS, threshold_k=3.0)},
            "k is 3.0, the model's 4.5. Fix: measure with the model's settings: add the --config",
        ),
        ({}, {"schema_version": 2}, "schema version 2"),
        ({}, {"pixel_spacing_mm": (0.09, 0.12)}, "pixel_spacing_mm is 0.12"),
        ({}, {"pixel_spacing_mm": (0.07, 0.07)}, "pixel_spacing_mm is 0.07"),
        ({}, {"slice_spacing_mm": 2.0}, "slice_spacing_mm is 2"),
    ],
)
def test_a_model_that_does_not_fit_is_refused(
    card: dict[str, Any], changes: dict[str, Any], why: str
) -> None:
    measured_so: dict[str, Any] = {"pixel_spacing_mm": FINE, **changes}
    with pytest.raises(TomocalcError, match="E602") as caught:
        check_fit(msgspec.structs.replace(CARD, **card), manifest(**measured_so), tolerance=0.1)
    assert why in str(caught.value)


def test_the_tolerance_widens_the_range_and_a_single_slice_has_no_depth() -> None:
    check_fit(CARD, manifest(pixel_spacing_mm=(0.11, 0.0721)), tolerance=0.1)
    check_fit(CARD, manifest(pixel_spacing_mm=FINE, slice_spacing_mm=9.0, slices=1), tolerance=0.0)


def test_phantoms_and_patients_are_told_apart() -> None:
    assert is_simulated("VICTRE (in silico)", None)
    assert is_simulated(None, "in silico")
    assert not is_simulated("Duke", "Hologic")
    assert not is_simulated(None, None)
    of_phantoms = msgspec.structs.replace(VOLUMES, source="phantom")
    phantom, patient = msgspec.structs.replace(CARD, domain=of_phantoms), CARD

    def said(card: ModelCard, *, simulated: bool) -> list[str]:
        return [caution_text(it) for it in cautions_of(card, manifest(), [], simulated=simulated)]

    (text,) = said(phantom, simulated=False)
    assert "without meaning" in text
    (text,) = said(patient, simulated=True)
    assert "say nothing about patients" in text
    assert said(phantom, simulated=True) == said(patient, simulated=False) == []
    planted = msgspec.structs.replace(VOLUMES, source="inserted")
    (text,) = said(msgspec.structs.replace(CARD, domain=planted), simulated=False)
    assert "has learned simulated calcifications" in text
    contents = msgspec.structs.replace(VOLUMES.extraction, contents=(manifest().content,))
    known = msgspec.structs.replace(VOLUMES, extraction=contents)
    (text,) = said(msgspec.structs.replace(CARD, domain=known), simulated=False)
    assert "had this very volume" in text


KNOWN = Distribution(
    values=tuple(float(v) for v in range(1, 11)),
    below=tuple(v / 10 for v in range(1, 11)),
    classes={},
    missing=0.0,
)


def shift(values: list[float], candidates: int = 1000) -> Drift:
    domain = msgspec.structs.replace(VOLUMES, candidates=candidates, features={"area": KNOWN})
    (row,) = drift(pl.DataFrame({"area": pl.Series(values, dtype=pl.Float32)}), domain)
    return row


def test_the_same_distribution_does_not_drift() -> None:
    row = shift([float(v) for v in range(1, 11)] * 100)
    assert row.psi == pytest.approx(0, abs=1e-9)
    assert row.ks == pytest.approx(0, abs=1e-9)
    assert row.shift == "none"


def test_drift_by_hand() -> None:
    # everything is in the lowest of ten bins of a tenth each: half a count is added to each
    row = shift([1.0] * 1000)
    p = np.full(10, 100.5) / 1005
    q = np.array([1000.5, *[0.5] * 9]) / 1005
    assert row.psi == pytest.approx(((q - p) * np.log(q / p)).sum())
    assert row.ks == pytest.approx(0.9)
    assert row.shift == "strong"


def test_too_few_candidates_are_not_judged() -> None:
    assert shift([1.0] * 19).shift == "unknown"


def test_a_value_that_32_bits_cannot_hold_meets_its_equal() -> None:
    known = Distribution(values=(0.12, 0.5), below=(0.75, 1.0), classes={}, missing=0.0)
    assert percentile(np.array([np.float32(0.12)], np.float64), known)[0] == pytest.approx(0.75)
    assert percentile(np.array([0.1, 0.9]), known).tolist() == [0.0, 1.0]


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReleasedModel, Path, VolumeManifest]:
    folder = tmp_path_factory.mktemp("volume")
    measured_as = released(folder, sequence_slices=3)
    return load_model(folder / "model"), folder, measured_as


def scored(volume: tuple[ReleasedModel, Path, VolumeManifest], **change: Any) -> Any:
    model, folder, measured_as = volume
    rows = read_volume_rows(folder / "features/manifest.json", measured_as)
    return score_volume(
        model,
        change.pop("rows", rows),
        msgspec.structs.replace(measured_as, **change),
        rule=RULE,
        tolerance=0.1,
    )


def test_marks_are_candidates_at_best_focus_likeliest_first(volume: Any) -> None:
    result = scored(volume)
    assert result.marks.columns == MARKS
    probability = result.marks["probability"].to_list()
    assert probability == sorted(probability, reverse=True)
    assert result.marks["candidate_id"].n_unique() == volume[2].candidates
    assert result.scores.score == probability[0]
    flagged = result.marks.filter("flagged")
    assert flagged.height == result.scores.flagged > 0
    assert flagged["probability"].to_numpy().min() >= volume[0].threshold


def test_cluster_ids_of_marks_and_clusters_agree(volume: Any) -> None:
    model, folder, measured_as = volume
    card = msgspec.structs.replace(model.card, threshold=Threshold("half", 0.0, None))
    low = ReleasedModel(card, model.network, model.preprocessing)
    result = scored((low, folder, measured_as))
    counted = result.marks.drop_nulls("cluster_id").group_by("cluster_id").len().sort("cluster_id")
    assert counted["len"].to_list() == result.clusters["count"].to_list()
    assert result.clusters.height >= 1
    for cluster in result.clusters.iter_rows(named=True):
        mine = result.marks.filter(pl.col("cluster_id") == cluster["cluster_id"])
        away = np.hypot(mine["row"] - cluster["row"], mine["col"] - cluster["column"]) * 0.1
        assert away.max() <= cluster["radius_mm"]


def test_a_volume_without_candidates_scores_zero(volume: Any) -> None:
    _model, folder, measured_as = volume
    rows = read_volume_rows(folder / "features/manifest.json", measured_as)
    result = scored(volume, rows=rows.clear())
    assert result.scores.score == 0.0
    assert result.marks.height == result.clusters.height == 0


def test_a_shallow_volume_is_warned_of_and_doubts_are_kept(volume: Any) -> None:
    doubts = (Doubt(code="gap", slices=(3,), values={"mm": 2}), Doubt(code="no_candidate"))
    result = scored(volume, slices=1, doubts=doubts)
    text = " ".join(map(caution_text, result.scores.cautions))
    assert "has 1 slice and the model reads sequences of 3" in text
    assert result.scores.doubts == doubts


def test_attributions_are_differences_of_log_odds(volume: Any) -> None:
    model, folder, measured_as = volume
    rows = read_volume_rows(folder / "features/manifest.json", measured_as)
    keys, parts = attributions(model, rows)
    assert parts.shape == (measured_as.candidates, len(FEATURES))
    # by hand for one candidate and one feature
    first = rows.filter(pl.col("candidate_id") == keys["candidate_id"][0])
    known = model.domain.features[FEATURES[1]]
    changed = []
    for level in (0.1, 0.3, 0.5, 0.7, 0.9):
        value = known.values[int(np.searchsorted(known.below, level))]
        other = first.with_columns(pl.lit(value, dtype=pl.Float32).alias(FEATURES[1]))
        changed.append(log_odds(model.predict(other)["probability"].to_numpy())[0])
    base = log_odds(model.predict(first)["probability"].to_numpy())[0]
    assert parts[0, 1] == pytest.approx(base - np.mean(changed), abs=1e-5)


def test_three_lines_of_python_give_what_the_workflow_gives(volume: Any, tmp_path: Path) -> None:
    _model, folder, _ = volume
    prediction = predict_volume(
        folder / "raw",
        model=folder / "model",
        laterality="L",
        view="CC",
        volume_id="v1",
        patient_id="p1",
        pixel_spacing_mm=0.1,
        slice_spacing_mm=1.0,
    )
    assert prediction.marks.equals(scored(volume).marks)
    prediction.write_page(tmp_path / "volume.html")
    assert (tmp_path / "volume.html").read_text().startswith("<!DOCTYPE html>")
    with pytest.raises(TomocalcError, match=r"E105.*'Source'.*pseudonymous or source"):
        prediction.write_dicom(tmp_path, identifiers="Source")
    prediction.write_dicom(tmp_path)
    for name in ("report", "segmentation", "presentation", "cad"):
        assert (tmp_path / f"{name}.dcm").read_bytes()[128:132] == b"DICM"


def test_a_model_of_clusters_gives_every_cluster_a_probability_and_members_none(
    volume: Any, tmp_path: Path
) -> None:
    _model, folder, _ = volume
    weights = changed(folder / "model/model.safetensors", tmp_path / "model", card=OF_CLUSTERS)
    told = {"laterality": "L", "view": "CC", "pixel_spacing_mm": 0.1, "slice_spacing_mm": 1.0}
    prediction = predict_volume(folder / "raw", model=str(weights), **told)
    scores = prediction.scores
    (judged,) = scores.judged
    assert (judged.cluster_id, judged.members) == (0, prediction.marks.height)
    assert judged.probability == scores.score == prediction.clusters["probability_max"][0]
    assert judged.flagged == (scores.flagged == 1)
    prediction.write_page(tmp_path / "volume.html")
    page = (tmp_path / "volume.html").read_text()
    for said in (
        "formed of candidates by their density alone",
        "supposes that they are calcifications",
        "Clusters, the likeliest to be malignant first",
        "Members of the clusters; the number shows one",
        "members have none of their own",
    ):
        assert said in page
    assert "clusters of flagged" not in page.lower()


def test_python_refuses_a_model_of_a_table(volume: Any, tmp_path: Path) -> None:
    _model, folder, measured_as = volume
    card = release(tmp_path, folder / "features/manifest.json", measured_as, domain=None)
    with pytest.raises(TomocalcError, match="E602"):
        predict_volume(folder / "raw", model=card, laterality="L", view="CC")
    with pytest.raises(TomocalcError, match=r"E105.*laterality.*'left'.*give L or R"):
        predict_volume(folder / "raw", model=card, laterality="left")
