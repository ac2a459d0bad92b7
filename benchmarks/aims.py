"""What was aimed at, and where the measured figures stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A figure with its limit.

    Attributes
    ----------
    what
        In words.
    limit, at_most, unit
        What the measured figure must be.
    why_not
        What is known to keep a limit out of reach: the figure is stated, not judged.
    ours, peer
        Cells, as ``topic | start of a row | column``.
    beside
        Who the peer is.
    ratio
        Cell of the measured figure, or ``ours / peer``, ``peer / ours``, ``ours - peer``; empty:
        *ours* itself.
    """

    what: str
    limit: float
    ours: str
    at_most: bool = False
    unit: str = ""
    peer: str = ""
    beside: str = ""
    ratio: str = ""
    why_not: str = ""


NAIVE = "scikit-image as most would write it, ms"
MEASURE = "features | process + measure, default generator,"

AIMS = (
    Aim(
        what="search and measure a slice of 2457 × 1890, 100 spots",
        limit=25,
        unit="×",
        ours=f"{MEASURE} 100 spots | ours, ms",
        peer=f"{MEASURE} 100 spots | naive, ms",
        beside=NAIVE,
        ratio="peer / ours",
    ),
    Aim(
        what="the same, 1,000 spots",
        limit=15,
        unit="×",
        ours=f"{MEASURE} 1,000 spots | ours, ms",
        peer=f"{MEASURE} 1,000 spots | naive, ms",
        beside=NAIVE,
        ratio="peer / ours",
    ),
    Aim(
        what="features of 20,000 objects",
        limit=100,
        unit="×",
        ours="features | features alone 20000 | ours, ms",
        peer="features | features alone 20000 | naive, ms",
        beside=NAIVE,
        ratio="peer / ours",
    ),
    Aim(
        what="features of 1,000 objects",
        limit=15,
        unit="×",
        ours="features | the same beside `regionprops_table` + `expand_labels` 1000 | ours, ms",
        peer="features | the same beside `regionprops_table` + `expand_labels` 1000 | naive, ms",
        beside="`regionprops_table` and `expand_labels`, ms",
        ratio="peer / ours",
    ),
    Aim(
        what="extra memory of a worker, 1,000 spots",
        limit=100,
        at_most=True,
        unit=" MB",
        ours=f"{MEASURE} 1,000 spots | ours, MB",
        peer=f"{MEASURE} 1,000 spots | naive, MB",
        beside="scikit-image, MB",
    ),
    Aim(
        what="phantom: recall of calcifications with a contrast to noise of 5 or more",
        limit=0.85,
        ours="detection | local, k = 4.5 | CNR 5 and more",
    ),
    Aim(
        what="mini-MIAS: circles with a small object inside",
        limit=0.7,
        ours="detection#2 | local, k = 4.5 | recall (95 %)",
        peer="detection#2 | local, k = 4.5 | by chance",
        beside="by chance",
    ),
    *(
        Aim(
            what=f"real calcifications found at {others} other objects per image, learned search",
            limit=limit,
            ours=f"search#1 | learned | at {others}",
            peer=f"search#1 | local | at {others}",
            beside="`local`",
        )
        for others, limit in ((5, 0.6), (10, 0.68), (50, 0.78))
    ),
    Aim(
        what="phantom: recall at a contrast to noise of 3 to 5, learned search, above `local`",
        limit=0.1,
        ours="search#6 | learned | CNR from 3 to 5",
        peer="search#6 | local | CNR from 3 to 5",
        beside="`local`",
        ratio="ours - peer",
    ),
    Aim(
        what="objects of `local` for as many spots put into real slices",
        limit=6,
        unit="×",
        ours="search#2 | learned | others for the recall of local at 50",
        peer="search#2 | local | others for the recall of local at 50",
        beside="`local`, per slice",
        ratio="peer / ours",
    ),
    Aim(
        what="calcifications put in: peak over that of a direct simulation, median",
        limit=1.02,
        at_most=True,
        ours="insertion | put in | median",
    ),
    Aim(
        what="wrong tube angles flagged, of 100 volumes",
        limit=95,
        ours="insertion | taken as 15, is 25 | flagged",
    ),
    Aim(
        what="merge of 1,002,000 rows with checksums, schema and labels",
        limit=2,
        at_most=True,
        unit="×",
        ours="merging | merge_dataset | seconds",
        peer="merging | polars scan and sink | seconds",
        beside="polars, nothing checked, s",
        ratio="ours / peer",
    ),
    Aim(
        what="exploration page of 11,183 rows",
        limit=5,
        unit="×",
        ours="eda | tomocalc, 11,183 rows | wall s",
        peer="eda | ydata-profiling | wall s",
        beside="ydata-profiling, s",
        ratio="peer / ours",
    ),
    Aim(
        what="exploration page of 1,000,000 rows",
        limit=15,
        at_most=True,
        unit=" s",
        ours="eda | tomocalc, 1,000,000 rows | wall s",
    ),
    *(
        Aim(
            what=f"an epoch of the paper's network, {steps}",
            limit=limit,
            at_most=True,
            unit="×",
            ours=f"training | {row} ours | CPU s per epoch",
            peer=f"training | {row} keras | CPU s per epoch",
            beside="Keras on TensorFlow, CPU s",
            ratio="ours / peer",
            why_not=why_not,
        )
        for steps, limit, row, why_not in (
            ("six steps", 0.7, "6 steps of 1 feature", "nine tenths are oneDNN's LSTM"),
            ("one step", 0.55, "1 step of 6 features", ""),
        )
    ),
    Aim(
        what="trials per minute on two cores",
        limit=1.8,
        unit="×",
        ours="tuning | 2 | trials per minute",
        peer="tuning | 1 | trials per minute",
        beside="one core",
        ratio="ours / peer",
    ),
    Aim(
        what="paper's protocol on the Woods table: accuracy, the worst of five seeds",
        limit=0.9727,
        ours="woods | lowest | accuracy",
        peer="woods | paper | accuracy",
        beside="the paper",
    ),
    *(
        Aim(
            what=f"honest protocol on the Woods table: {figure}",
            limit=limit,
            ours=f"woods | LSTM, tuned | {figure}",
            peer=f"woods | random forest, 500 | {figure}",
            beside="random forest",
        )
        for figure, limit in (("average precision", 0.77), ("AUROC", 0.955))
    ),
    Aim(
        what="average precision of the release there, other folds",
        limit=0.8,
        ours="woods#4 | average of LSTM and trees | average precision",
        peer="woods#4 | LSTM, one trial | average precision",
        beside="the LSTM alone",
    ),
    Aim(
        what="malignant clusters: AUROC of the released model above the best single feature",
        limit=0.05,
        ours="malignancy | LSTM and trees averaged, released | lead over the feature",
        peer="malignancy | features: Logistic regression | lead over the feature",
        beside="logistic regression, default settings",
    ),
    *(
        Aim(
            what=f"prediction of 60 {slices} slices, beside feature extraction",
            limit=1.6,
            at_most=True,
            unit="×",
            ours=f"prediction | {slices} | prediction in all, CPU s",
            peer=f"prediction | {slices} | extraction, CPU s",
            beside="extraction, CPU s",
            ratio=f"prediction | {slices} | ratio of CPU time",
        )
        for slices in ("uncompressed", "JPEG-LS")
    ),
    Aim(
        what="`pip install` of the audit, its packages in the cache, processor time",
        limit=10,
        at_most=True,
        unit=" s",
        ours="installing | `pip install '.[audit]'` | CPU s",
    ),
    Aim(
        what="an audit of 8,000 × 6 with the installed command, processor time",
        limit=2,
        at_most=True,
        unit=" s",
        ours="installing | audit of 8,000 × 6, again | CPU s",
    ),
    Aim(
        what="an audit of 1,000,000 × 6, processor time",
        limit=30,
        at_most=True,
        unit=" s",
        ours="installing | audit of 1,000,000 × 6 | CPU s",
    ),
    Aim(
        what="run of 1,000 volumes with nothing to do",
        limit=3,
        at_most=True,
        unit=" s",
        ours="scale | 1,000 | no-op s",
    ),
    Aim(
        what="run of 10,000 volumes with nothing to do",
        limit=12,
        at_most=True,
        unit=" s",
        ours="scale | 10,000 | no-op s",
    ),
    Aim(
        what="dry run of 20,000 volumes",
        limit=30,
        at_most=True,
        unit=" s",
        ours="scale | 20,000 | dry run s",
    ),
    Aim(
        what="the same, memory",
        limit=500,
        at_most=True,
        unit=" MB",
        ours="scale | 20,000 | MB",
    ),
    Aim(
        what="workflow beside the work, 60 slices a volume, four a job, the default",
        limit=15,
        at_most=True,
        unit=" %",
        ours="scale | 4 a job | share",
    ),
    Aim(
        what="the same, two a job",
        limit=15,
        at_most=True,
        unit=" %",
        ours="scale | 2 a job | share",
    ),
)
