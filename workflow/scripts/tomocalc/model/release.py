"""A released model: weights as safetensors, everything else as a JSON card beside them.

``load_model("results/model").predict(frame)`` is all that a user needs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from tomocalc.accounts.base import Shown
from tomocalc.accounts.metrics import Released
from tomocalc.errors import TomocalcError, fault
from tomocalc.files import at_home, file_sha256, write_bytes
from tomocalc.frames import frame_of
from tomocalc.model.card import Distribution, Domain, ModelCard
from tomocalc.model.forest import Trees, depth_features, log_odds, probability
from tomocalc.model.inference import Network
from tomocalc.model.preprocessing import Preprocessing
from tomocalc.model.sequences import CANDIDATE, Sequences, build_sequences
from tomocalc.neighbours import ClusterSettings

NETWORK_EDGE = 1e-6
"""The network's probabilities are kept this far from 0 and 1 before they are averaged."""
WEIGHTS, CARD = "model.safetensors", "model.json"
UNSIGNED = {"weights_sha256": ""}
"""What the card inside the weights says of them."""


@dataclass(frozen=True, repr=False)
class ReleasedModel(Shown):
    """A model that predicts, and the card that says what it is."""

    card: ModelCard
    network: Network
    preprocessing: Preprocessing
    trees: Trees | None = None
    folder: Path | None = None

    @property
    def features(self) -> list[str]:
        """Columns that the model reads, in order."""
        return self.card.reads

    @property
    def released(self) -> Released:
        """What predicts."""
        return self.card.release.model if self.card.release else "lstm"

    @property
    def domain(self) -> Domain:
        """What it was trained on.

        Raises
        ------
        TomocalcError
            ``E602`` where the card does not say.
        """
        if self.card.domain is None:
            why = "the card does not say what the model was trained on (`domain`)"
            raise fault("model_without_domain", self.folder or "model.json", why)
        return self.card.domain

    @property
    def distributions(self) -> dict[str, Distribution]:
        """Of every feature in the training; empty where the card does not say."""
        return self.card.domain.features if self.card.domain else {}

    @property
    def search_key(self) -> str | None:
        """Key of the learned search that found the candidates of the training, if one did."""
        return self.card.search.sha256 if self.card.search else None

    @property
    def clusters(self) -> ClusterSettings | None:
        """What a cluster is, of a model that scores clusters; else None."""
        return ClusterSettings.of(self.card.clusters) if self.card.clusters else None

    @property
    def threshold(self) -> float:
        """Probability from which on a candidate is flagged."""
        return self.card.threshold.value

    def _facts(self) -> dict[str, object]:
        return {
            "released": self.released,
            "features": len(self.features),
            "slices": self.card.sequence["slices"],
            "threshold": self.threshold,
            "trained_on": self.card.source,
            "protocol": self.card.protocol,
            "weights_sha256": self.card.weights_sha256[:16],
        }

    def predict(self, frame: Any) -> pl.DataFrame:
        """Return volume_id, candidate_id, probability, flagged for every candidate of *frame*.

        *frame* (polars, pandas) has one row per candidate and slice, as in ``candidates.parquet``.
        One without ``candidate_id`` is taken as one candidate per row, numbered from 0.
        """
        frame = frame_of(frame)
        if "candidate_id" not in frame.columns:
            frame = frame.drop("slice", "focus", strict=False).with_row_index("candidate_id")
            frame = frame.with_columns(pl.col("candidate_id").cast(pl.Int32))
        given = {"volume_id": "table", "slice": 0, "focus": True}
        frame = frame.with_columns(
            pl.lit(value).alias(name) for name, value in given.items() if name not in frame.columns
        ).with_columns(pl.col("focus").cast(pl.Boolean))  # 0 and 1 too
        sequences = self.sequences(frame)
        probability = self.predict_samples(sequences.x, sequences.mask, sequences.focus)
        return sequences.keys.select(CANDIDATE).with_columns(
            probability=pl.Series(probability, dtype=pl.Float64),
            flagged=pl.Series(probability >= self.threshold, dtype=pl.Boolean),
        )

    def sequences(self, rows: pl.DataFrame) -> Sequences:
        """Return what the model reads of the candidates of *rows*, sorted."""
        return build_sequences(
            rows,
            features=self.features,
            kind=self.card.sequence["kind"],
            slices=self.card.sequence["slices"],
            missing=self.preprocessing.imputation is not None,
        )

    def predict_samples(
        self, x: NDArray[np.float32], mask: NDArray[np.bool_], focus: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Return the probability of every sample; arguments as `build_sequences` makes them.

        x is in the features' own units: scaling is part of the model. A release of trees, or of
        the average with them, has them beside the network; its card says so.
        """
        if self.trees is None:
            return self.of_network(x, mask)
        odds = self.trees.log_odds(tree_inputs(self.preprocessing, x, mask, focus))
        release = self.card.release
        if release and release.model == "average":
            odds = average(self.of_network(x, mask), odds, shift=release.shift)
        return probability(odds)

    def of_network(self, x: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the stacked LSTM's probability of every sample."""
        return self.network.probability(self.preprocessing(x, mask), mask.sum(axis=1) - 1)


def tree_inputs(
    preprocessing: Preprocessing,
    x: NDArray[np.float32],
    mask: NDArray[np.bool_],
    focus: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return what trees read of samples, (sample, column); see `depth_features`."""
    whole = preprocessing.filled(x)
    if whole.shape[-1] != len(preprocessing.knots):  # one feature is one step
        whole, mask = whole.transpose(0, 2, 1), mask[:, :1]
    return depth_features(whole, mask, focus)


def average(
    network: NDArray[np.float64], trees: NDArray[np.float64], *, shift: float
) -> NDArray[np.float64]:
    """Return the mean log-odds of network and trees.

    Parameters
    ----------
    network
        Probabilities.
    trees
        Log-odds.
    shift
        Added to the network's log-odds: where it was trained as if both classes were equally
        frequent, from there to their share in the training rows.
    """
    return (log_odds(network, edge=NETWORK_EDGE) + shift + trees) / 2


def save_model(
    *, weights: str, path: str, tensors: Mapping[str, NDArray[Any]], card: ModelCard
) -> None:
    """Write *tensors* to *weights* and *card* to *path*, each naming the other's content."""
    content = card.text()
    write_bytes(weights, save(dict(tensors), metadata={"card": content}))
    msgspec.structs.replace(card, weights_sha256=file_sha256(weights)).write(path)


def load_model(path: str | Path) -> ReleasedModel:
    """Load the model in folder *path* (or the ``.safetensors`` file *path*) for prediction.

    No code of the file is executed: weights are plain numbers, the card is JSON.

    Raises
    ------
    TomocalcError
        ``E404`` when a file is missing, damaged, altered or of another version.
    """
    path = at_home(path)
    weights = path if path.suffix else path / WEIGHTS
    weights = weights.with_suffix(".safetensors") if path.suffix == ".json" else weights
    if weights.suffix != ".safetensors":
        why = "only .safetensors files are loaded, other formats can run code"
        raise fault("model_unusable", weights, why)
    card = _read_card(weights.with_suffix(".json"), weights)
    try:
        with safe_open(weights, framework="np") as file:
            inside = (file.metadata() or {}).get("card", "")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError) as error:
        raise fault(
            "model_unusable", weights, f"it is not a whole safetensors file ({error})"
        ) from error
    if not _same_card(inside, weights.with_suffix(".json")):
        raise fault(
            "model_unusable", weights.with_suffix(".json"), f"it does not belong to {weights.name}"
        )
    own = {name: array for name, array in tensors.items() if name.startswith("members.")}
    shape = card.shape
    with_trees = card.release is not None and card.release.model != "lstm"
    try:
        network = Network(own, inputs=shape.inputs, units=shape.units, members=shape.members)
        trees = Trees.of(tensors) if with_trees else None
    except ValueError as error:
        raise fault(
            "model_unusable", weights, f"its tensors do not fit the card ({error})"
        ) from error
    return ReleasedModel(card, network, card.preprocessing, trees, weights.parent)


def _read_card(path: Path, weights: Path) -> ModelCard:
    try:
        card = ModelCard.read(path)
        found = file_sha256(weights)
    except TomocalcError as error:
        inside = path.parent / "model" / path.name
        absent = "there is no such file" + f", but {inside}" * inside.exists()
        why = f"it is no card of a model: {error.why}" if path.exists() else absent
        raise fault("model_unusable", path, why) from error
    except OSError as error:
        raise fault("model_unusable", weights, f"it cannot be read: {error.strerror}") from error
    if found != card.weights_sha256:
        raise fault("model_unusable", weights, "its SHA-256 differs from the one in the card")
    return card


def _same_card(inside: str, path: Path) -> bool:
    """Return whether the card at *path* is the one *inside* the weights, as both were written.

    Not as this version writes them: it may know of more fields.
    """
    try:
        return json.loads(inside) == json.loads(path.read_text(encoding="utf-8")) | UNSIGNED
    except ValueError:
        return False
