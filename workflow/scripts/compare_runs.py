"""Set finished runs side by side: figures, differing settings, paired differences."""

from collections.abc import Mapping
from pathlib import Path

from tomocalc.experiments.runs import compare
from tomocalc.log import run
from tomocalc.pages.experiments import runs_page
from tomocalc.pages.frame import write_page
from tomocalc.sections import EvaluationSection


def main(
    *,
    folders: list[str],
    names: list[str],
    evaluation: EvaluationSection,
    figures: str,
    page: str,
    words: Mapping[str, str] | None = None,
) -> None:
    """Write *figures* (JSON) and *page*.

    Parameters
    ----------
    folders, names
        Results folders and what to call them; the first one is what the others are held against.
    evaluation
        Section of the configuration.
    """
    account = compare(
        [Path(folder) for folder in folders],
        names,
        confidence=evaluation["confidence"],
    )
    account.write(figures)
    write_page(page, runs_page(account), words)


if __name__ == "__main__":
    run(main, snakemake)
