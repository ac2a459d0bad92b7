"""The zoo of planted leaks, each with the check that should see it, and shapes of clean splits."""

from __future__ import annotations

from collections.abc import Callable

from support.leaks import (
    Planted,
    altered,
    by_breast,
    by_rows,
    copied,
    copied_into_validation,
    encoded,
    interpolated,
    missing,
    numbered,
    one_feature_anew,
    partly,
    repeated,
    same_row,
    shared_patients,
    swapped,
    told_by,
)
from support.leaks_prepared import (
    beside,
    filled,
    mean_label,
    multiplied,
    renamed,
    scaled,
    spelt,
    turned,
    written,
)

ANIMALS: list[tuple[str, str, Callable[[int], Planted]]] = [
    ("one test patient also in training", "patients", lambda s: shared_patients(s, count=1)),
    ("five test patients also in training", "patients", lambda s: shared_patients(s, count=5)),
    ("rows split at random, patients named", "patients", lambda s: by_rows(s, named=True)),
    ("rows split at random, patients not named", "unnamed", lambda s: by_rows(s, named=False)),
    (
        "two patients in validation and training",
        "patients_validation",
        lambda s: shared_patients(s, count=2, of="validation"),
    ),
    ("breasts of one patient named as two patients", "sides", by_breast),
    ("the same row in training and test", "same_rows", same_row),
    ("one exact copy under another patient", "copies", lambda s: copied(s, count=1)),
    ("twenty exact copies under other patients", "copies", lambda s: copied(s, count=20)),
    ("exact copies, patients not named", "copies", lambda s: copied(s, count=20, named=False)),
    ("exact copies, 40 features", "copies", lambda s: copied(s, count=5, d=40)),
    ("near-copies, 0.1 %", "near_copies", lambda s: copied(s, count=10, noise=1e-3)),
    ("near-copies, 1 %", "near_copies", lambda s: copied(s, count=20, noise=1e-2)),
    (
        "near-copies, 1 %, unnamed",
        "near_copies",
        lambda s: copied(s, count=20, noise=1e-2, named=False),
    ),
    ("near-copies, 3 %", "near_copies", lambda s: copied(s, count=30, noise=3e-2)),
    ("near-copies, 40 features", "near_copies", lambda s: copied(s, count=10, noise=3e-2, d=40)),
    ("near-copies, 2 features", "near_copies", lambda s: copied(s, count=20, noise=1e-3, d=2)),
    ("test rows repeated in the test part", "repeats", repeated),
    ("a split file of nine rows in ten", "unassigned", partly),
    ("the site is the label", "identifier_patients", lambda s: told_by(s, "site")),
    ("the site is mostly the label", "identifier_patients", lambda s: told_by(s, "site of most")),
    ("patients' names say the label", "words_patients", lambda s: told_by(s, "patient names")),
    ("rows' names say the label", "words_rows", lambda s: told_by(s, "row names")),
    ("ill patients come last in the table", "order_patients", lambda s: told_by(s, "order")),
    ("positive rows come last in the table", "order_rows", lambda s: told_by(s, "order of rows")),
    ("a feature is the label", "feature_alone", lambda s: told_by(s, "feature")),
    ("a gap in a feature is the label", "feature_alone", missing),
    ("breasts named L-… and R-…", "sides", lambda s: by_breast(s, "L-{}", "R-{}")),
    ("visits named as patients", "sides", lambda s: by_breast(s, "{}_visit1", "{}_visit2")),
    ("copies with one feature changed", "part_copies", lambda s: altered(s, one_feature_anew)),
    ("copies of which two features were exchanged", "part_copies", lambda s: altered(s, swapped)),
    ("rows between two training rows, as SMOTE makes them", "between", interpolated),
    ("copies in validation and training", "copies_validation", copied_into_validation),
    ("an exclusive or is the label", "features_together", lambda s: encoded(s, "exclusive or")),
    ("the sum of two features is the label", "features_together", lambda s: encoded(s, "sum")),
    ("both ends of a feature are the label", "feature_alone", lambda s: encoded(s, "both ends")),
    ("one value of a feature is the label", "feature_alone", lambda s: encoded(s, "one value")),
    ("a gap tells the label of nine rows in ten", "gaps_rows", lambda s: encoded(s, "gap")),
    ("a patient's mean label", "feature_patients", lambda s: encoded(s, "patients")),
    ("patients are numbered by class", "numbers_patients", lambda s: numbered(s, "patient")),
    ("rows are numbered by class", "numbers_rows", lambda s: numbered(s, "row")),
    ("copies with all features in other places", "disguised", lambda s: altered(s, turned)),
    ("copies multiplied by a number each", "disguised", lambda s: altered(s, multiplied)),
    ("one patient under two names", "two_names", renamed),
    ("patients with odd numbers are ill", "spelling_patients", lambda s: spelt(s, "patient")),
    ("capitals in names of rows say the label", "spelling_rows", lambda s: spelt(s, "row")),
    ("a column of paths says the label", "words_patients", lambda s: beside(s, "path")),
    ("ill patients were examined later", "numbers_patients", lambda s: beside(s, "date")),
    ("the rounding of a feature is the label", "feature_alone", lambda s: written(s, "rounding")),
    ("the last digit of a feature is the label", "feature_alone", lambda s: written(s, "digit")),
    ("features standardised over all rows", "scaled", lambda s: scaled(s, "rows")),
    ("features between 0 and 1 over all rows", "scaled", lambda s: scaled(s, "ends")),
    ("every part standardised by itself", "scaled", lambda s: scaled(s, "parts")),
    ("features divided by their greatest size", "scaled", lambda s: scaled(s, "size")),
    ("features standardised in every site", "scaled", lambda s: scaled(s, "sites")),
    ("principal axes of all rows", "scaled", lambda s: scaled(s, "axes")),
    ("the mean label of a site", "encoded", lambda s: mean_label(s, "site")),
    (
        "the mean label of a patient's other rows",
        "encoded",
        lambda s: mean_label(s, "patient", others=True),
    ),
    ("gaps filled with the mean of the class", "filled", lambda s: filled(s, "class")),
    ("gaps filled with the mean of all rows", "filled", lambda s: filled(s, "rows")),
]

CLEAN: list[dict[str, object]] = [
    {"patients": patients, "rows": rows, "features": features, "decimals": decimals}
    for patients in (32, 60, 120, 400)
    for rows, features in ((10, 2), (20, 6), (20, 20), (40, 60))
    for decimals in (None, 2, 1)
]
