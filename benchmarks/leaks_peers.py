r"""What public leak detectors say of pairs of tables; runs in an environment of their own.

    python -m venv peers
    peers/bin/pip install deepchecks==0.19.1 cleanlab==2.9.0 leakcheck-ml==0.3.0 "datasets<4" \
        "numpy<2" "pandas<2.3" "pyarrow<20" "scikit-learn<1.6" "category-encoders<2.7" setuptools
    peers/bin/python benchmarks/leaks_peers.py FOLDER

FOLDER holds ``N.train.csv`` and ``N.test.csv`` with the columns row, patient, site, label and
features. Prints one JSON line per pair: each detector, and whether it found a leak by its own
defaults. They are told all that they can be told: which column is the label, the patient, a name.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from cleanlab import Datalab  # noqa: E402  # pyright: ignore[reportMissingImports]
from deepchecks.tabular import Dataset  # noqa: E402  # pyright: ignore[reportMissingImports]
from deepchecks.tabular.checks import (  # noqa: E402  # pyright: ignore[reportMissingImports]
    FeatureLabelCorrelation,
    IdentifierLabelCorrelation,
    IndexTrainTestLeakage,
    TrainTestSamplesMix,
)
from leakcheck.checks import FAIL, run_all  # noqa: E402  # pyright: ignore[reportMissingImports]

NAMES = ["row", "patient", "site", "label"]


def deepchecks(train: pd.DataFrame, test: pd.DataFrame) -> bool:
    """Its four checks of leaks with their default conditions."""
    features = [name for name in train.columns if name not in NAMES]
    named = train["patient"].notna().all()

    def dataset(frame: pd.DataFrame) -> Any:
        told = {"index_name": "patient"} if named else {}
        return Dataset(
            frame.drop(columns=["row"] if named else ["row", "patient"]),
            label="label",
            features=[*features, "site"],
            cat_features=["site"],
            **told,
        )

    one, other = dataset(train), dataset(test)
    results = [
        TrainTestSamplesMix().add_condition_duplicates_ratio_less_or_equal().run(one, other),
        FeatureLabelCorrelation().add_condition_feature_pps_less_than().run(one),
    ]
    if named:
        index = IndexTrainTestLeakage().add_condition_ratio_less_or_equal()
        told = IdentifierLabelCorrelation().add_condition_pps_less_or_equal()
        results += [index.run(one, other), told.run(one)]
    return any(not result.passed_conditions() for result in results)


def cleanlab(train: pd.DataFrame, test: pd.DataFrame) -> bool:
    """Its near-duplicates of scaled features, where a set has rows of both parts."""
    features = [name for name in train.columns if name not in NAMES]
    both = pd.concat([train, test])
    x = both[features].to_numpy()
    lab = Datalab(data=both[features].reset_index(drop=True), verbosity=0)
    scaled = np.nan_to_num((x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0))
    lab.find_issues(features=scaled, issue_types={"near_duplicate": {}})
    found = lab.get_issues("near_duplicate")
    in_test = np.arange(len(both)) >= len(train)
    sets = zip(found["is_near_duplicate_issue"], found["near_duplicate_sets"], in_test, strict=True)
    return any(is_one and any(in_test[k] != of for k in near) for is_one, near, of in sets)


def leakcheck(train: pd.DataFrame, test: pd.DataFrame) -> bool:
    """Its findings that are problems, not warnings."""
    group = "patient" if train["patient"].notna().all() else None
    found = run_all(train, test, target="label", group_col=group)
    return any(one.status == FAIL for one in found)


def main() -> None:
    for path in sorted(Path(sys.argv[1]).glob("*.train.csv")):
        name = path.name.removesuffix(".train.csv")
        train, test = (
            pd.read_csv(path.with_name(f"{name}.{part}.csv")) for part in ("train", "test")
        )
        said = {}
        for detector in (deepchecks, cleanlab, leakcheck):
            said[detector.__name__] = bool(detector(train, test))
        print(json.dumps({"name": name, **said}), flush=True)


if __name__ == "__main__":
    main()
