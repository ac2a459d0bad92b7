"""What the reference paper states, in its own order; what is not known here is None.

Its data: everything points to the table of Woods et al. (1993), by the 7,595 distinct negatives
that its numbers of rows imply and by the names of its features. That is an inference.
"""

from typing import NamedTuple

from tomocalc.accounts.metrics import Confusion, PaperFigures

PAPER = PaperFigures(accuracy=0.9727, confusion=Confusion(tn=1454, fp=65, fn=18, tp=1501))
"""Its Figure 15: 1,519 test rows of either class, calcifications counted positive."""


class Stated(NamedTuple):
    """One hyper-parameter: its name, what the paper gives, and where."""

    name: str
    value: str | None
    where: str


HYPERPARAMETERS = (
    Stated("batch size", "500", "Table 2"),
    Stated("epochs", "500", "Table 2"),
    Stated("activation", "sigmoid, tanh", "Table 2"),
    Stated("loss", "binary cross-entropy", "Table 2"),
    Stated("optimiser", "Adam", "Table 2"),
    Stated("units of the layers", "128 – 64 – 32", "text"),
    Stated("dropout", "0.1", "text"),
    Stated("learning rate", None, ""),
    Stated("search: learning rate", "0.0001 – 0.01", "algorithm"),
    Stated("search: dropout", "0.05 – 0.5", "algorithm"),
    Stated("search: number of layers", "without a range", "text"),
)

REPORT = {"other": (0.99, 0.96, 0.97), "calcification": (0.96, 0.99, 0.97)}
"""Its Table 3: precision, recall and F1 of either class, as printed."""

LAST_EPOCH = {
    "accuracy, training": 0.9892,
    "accuracy, validation": 0.9875,
    "loss, training": 0.0308,
    "loss, validation": 0.0604,
}
"""Ends of the curves of its Figure 14, after 500 epochs."""


class Cited(NamedTuple):
    """One line of its Table 4: a publication, its number there, its method and accuracy."""

    publication: str
    number: int
    method: str
    accuracy: float


TABLE_4 = (
    Cited("Oladasu et al. 2024", 24, "CNN", 0.92),
    Cited("Prinzi et al. 2024", 6, "SVM, RF and XGBoost on radiomics", 0.90),
    Cited("Mračko et al. 2024", 25, "ResNet-101", 0.747),
    Cited("Teoh et al. 2024", 26, "AlexNet, ResNet-50, VGG-16, GoogLeNet", 0.90),
    Cited("Pesapane et al. 2023", 27, "AlexNet, ResNet-18, ResNet-34", 0.87),
    Cited(
        "Maghsoodzadeh Sarvestani et al. 2023",
        16,
        "ANN, after fuzzy and Gabor filters and a decision tree",
        0.93,
    ),
    Cited("Shanker et al. 2023", 28, "SVM, RF and ANN combined", 0.95),
    Cited("Lin et al. 2023", 15, "FPN and SPP (Faster R-CNN)", 0.81),
)

PUBLISHED = (
    ("SMOTE and C4.5, 2002", "0.933"),
    ("weighted support vector machine, 10 × 3 folds", "0.957 ± 0.024"),
)
"""AUROC published for the table of Woods et al. by cross-validation on all of its rows."""

PLAIN_FOLDS_SHARE = 0.298
"""Share of the test rows with an equal training row in plain folds of that table's 11,183 rows.

Measured over stratified, shuffled folds; the share is the same for 3, 5 and 10 of them.
"""
