"""Which row of the study of coverage measures an interval that a page shows."""

from __future__ import annotations

ROWS = {
    "CalibrationLine.intercept": "calibration: intercept",
    "CalibrationLine.slope": "calibration: slope",
    "Cases.cluster_auroc": "volumes: auroc",
    "Cases.metrics": "volumes: recall",
    "DbtexFigures.sensitivity_at": "DBTex sensitivity at 2 false",
    "DbtexFigures.tie_break": "DBTex tie break",
    "FoundBy.band": "clusters found at 1 false",
    "FoundBy.leads": "lead in calcifications found at 2 false",
    "FoundBy.rates": "clusters found at 2 false",
    "Froc.band": "calcifications found at 1 false",
    "Froc.rates": "calcifications found at 2 false",
    "FrocPoint.sensitivity": "calcifications found at the threshold",
    "LimitCell.chance": "findings covered by chance",
    "LimitCell.recall": "findings covered by the search",
    "ModelWorth.gap": "gap of protocols: f1",
    "NetBenefit.model": "net benefit at 0.1",
    "OperatingPoint.precision": "candidates: precision",
    "OperatingPoint.recall": "candidates: recall",
    "OperatingPoint.specificity": "candidates: specificity",
    "Paired.lead": "lead in auroc",
    "Paired.one": "candidates: auroc",
    "Paired.other": "candidates: average_precision",
    "Part.calibration": "candidates: share in a bin of probability",
    "Part.metrics": "candidates: mcc",
    "PredictiveValue.npv": "candidates: npv",
    "PredictiveValue.ppv": "candidates: ppv",
    "RunTest.metrics": "candidates: f1",
    "Side.figures": "candidates: accuracy",
    "Subgroup.figures": "candidates: auroc_within",
}
"""Every interval of an account that a page shows, and a row of the table that measures it."""
NOT_ASKED = {
    "ModelWorth.matched": "figures at the share of calcifications of another protocol, which is "
    "another one in every cohort; their errors are what the interval of the gap is made of",
    "Recalibrated.brier": "percentiles over draws of patients, no interval of a figure",
    "Recalibrated.intercept": "percentiles over draws of patients, no interval of a figure",
    "Recalibrated.slope": "percentiles over draws of patients, no interval of a figure",
}
"""Those that have no row, and why."""
