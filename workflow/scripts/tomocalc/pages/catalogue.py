"""What every result is, in one plain sentence; the index shows it beside the link."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class Entry:
    """One result: its address relative to the results folder, title and sentence."""

    address: str
    title: str
    sentence: str

    @property
    def is_page(self) -> bool:
        """Whether a browser shows it."""
        return self.address.endswith(".html")


KNOWN = (
    Entry(
        "eda/eda.html",
        "Exploratory data analysis",
        "What is in the data and what is wrong with it: gaps, duplicates, leaks, distributions.",
    ),
    Entry(
        "tuning/tuning.html",
        "Tuning",
        "Every trial of the search for hyper-parameters, and which of them mattered.",
    ),
    Entry(
        "evaluation/report.html",
        "Evaluation",
        "Figures of merit with intervals, ROC and precision-recall curves, calibration.",
    ),
    Entry(
        "reproduction.html",
        "Reproduction of the paper",
        "The reference paper's tables and figures beside this run's, and what leaks in them.",
    ),
    Entry(
        "comparison/comparison.html",
        "Comparison",
        "Other models on the same splits, tuned with the same budget.",
    ),
    Entry(
        "audit/leakage.html",
        "Leakage audit",
        "How much better every model looks when test rows leak into the training part.",
    ),
    Entry(
        "model_card.html",
        "Model card",
        "What the model is for, what it is not for, and how well it does.",
    ),
    Entry("model_card.md", "Model card", "The model card as plain text."),
    Entry(
        "dataset/candidates.parquet",
        "Candidates",
        "One row per candidate and slice: place, features, label.",
    ),
    Entry(
        "dataset/splits.parquet",
        "Splits",
        "Which candidate is in which part and fold, one row per use.",
    ),
    Entry(
        "dataset/quality.json",
        "Quality account",
        "Gaps, duplicates, contradictions, and what was removed and why.",
    ),
    Entry(
        "dataset/split.json",
        "Split account",
        "Sizes of the parts, and what they share with each other.",
    ),
    Entry("eda/eda.json", "Numbers of the exploration", "Every number behind that page's charts."),
    Entry("tuning/study.json", "Study", "Search space and settings of the tuning."),
    Entry("tuning/trials.parquet", "Trials", "Hyper-parameters and score of every trial."),
    Entry(
        "tuning/best.json", "Best trial", "The hyper-parameters that the model was trained with."
    ),
    Entry(
        "model/model.safetensors",
        "Model",
        "Weights, with features, scaling and threshold in the file's metadata.",
    ),
    Entry("model/model.json", "Model description", "The same facts for a reader, and the shapes."),
    Entry("model/history.parquet", "Training history", "Loss and scores after every epoch."),
    Entry(
        "evaluation/metrics.json",
        "Figures of merit",
        "Every number of the evaluation page, with intervals and curves.",
    ),
    Entry(
        "evaluation/predictions.parquet",
        "Predictions",
        "The probability that the model gives every candidate.",
    ),
    Entry(
        "evaluation/clusters.parquet",
        "Clusters",
        "Candidates close to each other that the model marks, with their features.",
    ),
    Entry(
        "evaluation/volumes.parquet",
        "Scores of volumes",
        "One row per volume: its score, what is annotated in it and what was found.",
    ),
    Entry("evaluation/patients.parquet", "Scores of patients", "The same, one row per patient."),
    Entry(
        "comparison/comparison.parquet", "Comparison, numbers", "One row per model and protocol."
    ),
    Entry("audit/leakage.json", "Leakage audit, numbers", "Every number of the audit's page."),
    Entry(
        "qc/detection.json",
        "Detection quality",
        "How many annotated findings have a candidate, and how many would by chance.",
    ),
    Entry("index.html", "Results", "What ran, what came out, and where everything is."),
    Entry(
        "predictions/index.html",
        "Predictions",
        "Scores of new volumes and patients, and a page per volume to scroll through its slices.",
    ),
    Entry(
        "comparison/image_models.html",
        "Comparison with image models",
        "Networks on image patches beside the models that read features.",
    ),
    Entry(
        "experiments/sequence_gain.html",
        "Slice sequence and best slice",
        "What the slices around the best one add to the same network.",
    ),
    Entry("runs/runs.html", "Runs side by side", "Figures and settings of several runs."),
    Entry(
        "experiments/ablation_features.html",
        "Features left out",
        "What each feature is worth: the model trained again without it.",
    ),
    Entry(
        "experiments/ablation_slices.html",
        "Slices left out",
        "How many slices the model needs: trained again on shorter sequences.",
    ),
    Entry(
        "features/volumes.tsv",
        "Volumes",
        "The measured volumes: slices, candidates, and where the features of each are.",
    ),
    Entry("qc/quarantine.tsv", "Quarantine", "Slices that could not be read, why, and the remedy."),
)


@dataclass(frozen=True)
class Request:
    """A page that is made on request, its target, and whether it needs image volumes."""

    address: str
    target: str
    volumes: bool = True


ON_REQUEST = (
    Request("predictions/index.html", "predict"),
    Request("comparison/image_models.html", "compare_image_models"),
    Request("experiments/sequence_gain.html", "compare_sequences"),
    Request(
        "experiments/ablation_features.html",
        "FOLDER/experiments/ablation_features.html",
        volumes=False,
    ),
    Request("experiments/ablation_slices.html", "FOLDER/experiments/ablation_slices.html"),
    Request("runs/runs.html", "compare_runs --config runs='[FOLDER, OTHER_FOLDER]'", volumes=False),
)
"""In the order of the index; FOLDER stands for the folder of results."""


def entry_of(address: str) -> Entry:
    """Return the entry of a result; one that is not in the catalogue is called by its file."""
    for entry in KNOWN:
        if entry.address == address:
            return entry
    return Entry(address, PurePosixPath(address).name, "")
