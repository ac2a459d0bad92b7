"""A released model without a training, and a volume measured for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from msgspec.structs import replace
from safetensors.numpy import load_file

import predict_volume
from predict import main as gather_scores
from support.defaults import CONFIG
from support.image_volumes import CANDIDATES, IMAGE, SHEET, run, write_volume
from tomocalc.accounts.manifest import VolumeManifest
from tomocalc.accounts.quality import Extraction
from tomocalc.image.shards import read_volume_rows
from tomocalc.metrics import Threshold
from tomocalc.model.card import ModelCard, NetworkShape, ReadColumn, model_domain
from tomocalc.model.lstm import Ensemble
from tomocalc.model.preprocessing import fit_preprocessing
from tomocalc.model.release import load_model, save_model
from tomocalc.model.sequences import build_sequences

FEATURES = ["area_mm2", "contrast", "contrast_to_noise"]
RULE = {"calcifications": 3, "distance_mm": 10.0}
OF_CLUSTERS: dict[str, Any] = {
    "clusters": RULE | {"contrast_to_noise": 0.0},
    "sequence": {"kind": "members", "slices": 3},
}
"""Of the card of a model of clusters."""
SETTINGS: dict[str, Any] = CONFIG["predict"]


def measured(folder: Path, **options: Any) -> VolumeManifest:
    """Write the volume of `image_volumes` and measure it; return its manifest."""
    return run(write_volume(folder / "raw"), folder / "features", **options)


def released(folder: Path, **options: Any) -> VolumeManifest:
    """Measure the volume, and release a model that fits it; return its manifest."""
    manifest = measured(folder, **options)
    release(folder / "model", folder / "features/manifest.json", manifest)
    return manifest


def release(
    folder: Path,
    manifest: Path,
    content: VolumeManifest,
    *,
    source: str = "volumes",
    slices: int = 3,
    features: Sequence[str] = FEATURES,
    units: Sequence[int] = (5,),
    flagged: float = 0.5,
    **card: Any,
) -> Path:
    """Release an untrained network that flags a share of the volume's own candidates."""
    rows = read_volume_rows(manifest, content)
    sequence: dict[str, Any] = {"kind": "slices", "slices": slices}
    sequences = build_sequences(rows, features=list(features), **sequence)
    shape = NetworkShape(inputs=len(features), units=tuple(units), members=2)
    torch.manual_seed(1)
    network = Ensemble(shape)
    label = np.arange(len(sequences.keys)) % 2
    splits = sequences.keys.with_columns(
        label=label.astype(np.int8), part=np.array(["train"] * len(label))
    )
    domain = model_domain(
        rows,
        splits,
        features=list(features),
        source=source,
        extraction=Extraction(
            settings_keys=(content.settings_key,),
            settings=content.settings,
            pixel_spacing_mm=content.pixel_spacing_mm,
            slice_spacing_mm=(content.slice_spacing_mm, content.slice_spacing_mm),
        ),
    )
    scaler = fit_preprocessing(
        sequences.x, sequences.mask, features=len(features), scaler="quantile"
    )
    probability = network.probability(
        torch.as_tensor(scaler(sequences.x, sequences.mask)),
        torch.as_tensor(sequences.mask.sum(axis=1) - 1),
    )
    given: dict[str, Any] = {
        "features": tuple(ReadColumn(name=name, unit="") for name in features),
        "sequence": sequence,
        "preprocessing": scaler,
        "shape": NetworkShape(inputs=len(features), units=tuple(units), dropout=0.1, members=2),
        "threshold": Threshold("half", float(probability.quantile(1 - flagged)), None),
        "protocol": "honest",
        "domain": domain,
    }
    weights, path = folder / "model.safetensors", folder / "model.json"
    save_model(
        weights=str(weights),
        path=str(path),
        tensors=network.tensors(),
        card=ModelCard(**given | card),
    )
    return folder


def changed(weights: Path, out: Path, *, card: dict[str, Any] | None = None, **domain: Any) -> Path:
    """Write the model with another account of its training."""
    model = load_model(weights)
    told = {"domain": replace(model.domain, **domain), "weights_sha256": "", **(card or {})}
    facts = replace(model.card, **told)
    out.mkdir(parents=True)
    paths = out / "model.safetensors", out / "model.json"
    save_model(weights=str(paths[0]), path=str(paths[1]), tensors=load_file(weights), card=facts)
    return paths[0]


def gather(
    out: Path,
    scored: Sequence[Path],
    *,
    weights: str | Path = "",
    overlays: Sequence[Path] = (),
    own: bool = False,
) -> None:
    """Gather the predictions in the folders *scored* into two sheets and ``index.html``."""
    gather_scores(
        scores=[str(place / "scores.json") for place in scored],
        marks=[str(place / "marks.parquet") for place in scored],
        overlays=list(map(str, overlays)),
        weights=str(weights),
        own=own,
        volumes=str(out / "volumes.tsv"),
        patients=str(out / "patients.tsv"),
        page=str(out / "index.html"),
    )


def predict(
    prepared: Path, out: Path, *, dicom: bool = True, features: Path | None = None, **row: Any
) -> None:
    """Predict the volume that was measured and released in *prepared*; write into *out*.

    With a folder for its *features* the volume is measured again.
    """
    measuring = {"candidates": CANDIDATES, "sequence_slices": 3} if features else None
    predict_volume.main(
        manifest=str((features or prepared / "features") / "manifest.json"),
        weights=str(prepared / "model/model.safetensors"),
        volume=SHEET | {"path": str(prepared / "raw")} | row,
        image=IMAGE,
        rule=RULE,
        settings=SETTINGS | ({} if dicom else {"identifiers": "none"}),
        simulated=None,
        home="../index.html",
        page=str(out / "volume.html"),
        measuring=measuring,
        overlay=str(features / "overlay.png") if features else None,
    )
