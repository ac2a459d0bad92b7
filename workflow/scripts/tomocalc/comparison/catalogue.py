"""What is compared: classifiers of the reference paper's Table 4 and ours, and detectors."""

import csv
from dataclasses import dataclass
from pathlib import Path

from tomocalc.errors import fault, raise_all

KINDS = {
    "sequence": "LSTM on the candidate's sequence",
    "average": "LSTM on the candidate's sequence, trees on features over depth",
    "depth": "features at best focus and their contrast to the slices around",
    "features": "features at best focus",
    "steps": "another network on the candidate's sequence",
    "image": "image patch at best focus",
    "detector": "whole slices",
}


@dataclass(frozen=True)
class Row:
    """One classifier of the comparison."""

    key: str
    name: str
    kind: str
    remark: str = ""


ROWS = (
    Row("lstm", "Stacked LSTM", "sequence"),
    Row("trees", "Trees over depth", "depth", "extra and boosted trees, averaged"),
    Row("average", "LSTM and trees averaged", "average", "the mean of their log-odds"),
    Row("nearest_neighbour", "1-nearest neighbour", "features", "the leak probe: it only recalls"),
    Row("logistic_regression", "Logistic regression", "features"),
    Row("svm", "Support vector machine (RBF)", "features"),
    Row("ann", "Artificial neural network (MLP)", "features"),
    Row("random_forest", "Random forest", "features"),
    Row("extra_trees", "Extra trees", "features"),
    Row("xgboost", "XGBoost", "features"),
    Row("voting", "SVM, random forest and ANN averaged", "features"),
    Row("stacking", "SVM, random forest and XGBoost stacked", "features"),
    Row("rnn", "Plain RNN", "steps"),
    Row("lstm_capsules", "LSTM with capsules", "steps"),
    Row("cnn", "Small CNN", "image"),
    Row("cnn_sgd", "Small CNN, SGD with momentum", "image"),
    Row("cnn_rmsprop", "Small CNN, RMSprop", "image"),
    Row("cnn_adagrad", "Small CNN, Adagrad", "image"),
    Row("cnn_spp", "Small CNN with a spatial pyramid", "image"),
    Row("gabor_ann", "Fuzzy and Gabor filters, tree, ANN", "image"),
    Row("resnet18", "ResNet-18", "image"),
    Row("resnet22", "ResNet-22", "image"),
    Row("resnet34", "ResNet-34", "image"),
    Row("resnet50", "ResNet-50", "image"),
    Row("resnet101", "ResNet-101", "image"),
    Row("alexnet", "AlexNet", "image"),
    Row("vgg", "VGG-11", "image"),
    Row("vgg16", "VGG-16", "image"),
    Row("vgg19", "VGG-19", "image"),
    Row("googlenet", "GoogLeNet", "image"),
    Row("convnext", "ConvNeXt-T", "image"),
    Row("inception_resnet", "Inception-ResNet-v2", "image"),
    Row(
        "fpn_spp",
        "FPN/SPP detector",
        "detector",
        "it finds and classifies in one step: see the page of detectors",
    ),
)
"""In the order of the table."""

RESAMPLED = ("auroc", "average_precision", "f1")
"""Figures that the comparison draws."""

NAMES = {row.key: row.name for row in ROWS}
TUNED = tuple(row.key for row in ROWS if row.kind == "features" and row.key != "nearest_neighbour")
"""Keys of those that the comparison tunes itself, each with `comparison.trials`."""
IMAGE_KEYS = tuple(row.key for row in ROWS if row.kind == "image")
STEP_KEYS = tuple(row.key for row in ROWS if row.kind == "steps")
NETWORKS = STEP_KEYS + IMAGE_KEYS
"""Keys that `comparison.networks` can name."""


@dataclass(frozen=True)
class Cited:
    """What a publication reports of a classifier, copied by the user."""

    accuracy: float | None
    source: str


def read_cited(path: str) -> dict[str, Cited]:
    """Read the sheet of cited figures: model, accuracy (0 to 1, or empty), source.

    Raises
    ------
    TomocalcError
        ``E102`` for the sheet, ``E103`` for a row.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, delimiter="\t")
            rows, header = list(reader), reader.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise fault(
            "cited_unusable", path, str(error), "give a sheet of cited figures (TSV)"
        ) from error
    if list(header) != ["model", "accuracy", "source"]:
        why = f"its columns are {', '.join(header)}"
        raise fault("cited_unusable", path, why, "write the columns model, accuracy, source")
    faults, cited = [], {}
    for line, row in enumerate(rows, start=2):
        try:
            accuracy = float(row["accuracy"]) if row["accuracy"] else None
        except ValueError:
            accuracy = -1.0
        if accuracy is not None and not 0 <= accuracy <= 1:
            why = f"accuracy is `{row['accuracy']}`"
            faults.append(
                fault("cited_row_wrong", f"{path}:{line}", why, "write a share from 0 to 1")
            )
        if row["model"] not in NAMES:
            why = f"`{row['model']}` is no model of the comparison"
            faults.append(
                fault("cited_row_wrong", f"{path}:{line}", why, f"use one of: {', '.join(NAMES)}")
            )
        cited[row["model"]] = Cited(accuracy, row["source"] or "")
    raise_all(faults)
    return cited


TITLES: dict[str, str] = {
    "faster_rcnn": "Faster R-CNN, slim FPN",
    "retinanet": "RetinaNet, slim FPN",
    "unet": "Heat map, UNet 3+",
    "blob_dog": "blob_dog, tuned",
    "hdogreg": "DoG and Hessian (HDoGReg)",
}
"""As pages call them; the first three learn, the others are tuned."""
LEARN = ("faster_rcnn", "retinanet", "unet")
