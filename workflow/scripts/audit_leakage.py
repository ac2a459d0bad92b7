"""Audit what leaks under every protocol, why, and what it is worth to every model."""

import logging
from collections.abc import Mapping, Sequence

from tomocalc.accounts.findings import DetectorAccount
from tomocalc.accounts.leakage import LeakageAccount, Shared
from tomocalc.accounts.study import SearchAccount
from tomocalc.audit.audit import audit_split, rows_of_split
from tomocalc.audit.gaps import protocol_gaps
from tomocalc.comparison.table import read_protocols
from tomocalc.files import sheet_text, write_text
from tomocalc.log import run
from tomocalc.pages.audit import audit_page
from tomocalc.pages.audit_files import reasons_of
from tomocalc.pages.frame import write_page
from tomocalc.parquet import read_parquet
from tomocalc.sections import EvaluationSection

log = logging.getLogger("tomocalc.audit_leakage")

REFERENCE = "honest"
"""The protocol that the others' gaps are measured against."""


def main(
    *,
    candidates: str,
    protocols: Sequence[str],
    splits: Sequence[str],
    scores: Sequence[str],
    accounts: Sequence[str],
    lstm_scores: Sequence[str],
    lstm_cards: Sequence[str],
    tree_scores: Sequence[str],
    tree_accounts: Sequence[str],
    features: list[str],
    source: str,
    settings: EvaluationSection,
    permutations: int,
    seed: int,
    facts: str,
    shared: str,
    page: str,
    words: Mapping[str, str] | None = None,
    search: str | None = None,
    detectors: Sequence[str] = (),
) -> None:
    """Write the audit as *facts* and as a *page*, and the *shared* rows as a sheet.

    Parameters
    ----------
    protocols
        The run's own first; one entry of the next seven per protocol, in the same order.
    features
        Features the models read.
    settings
        The ``evaluation`` section of the configuration.
    permutations
        Of whole patients, behind the p-values of identifiers.
    search
        Account of the learned search that knows the most patients.
    detectors
        Accounts of detectors, which are tested on the test part of the run's own protocol alone.
    """
    found = {"search_knows": set(SearchAccount.read(search).patients)} if search else {}
    known = [set(DetectorAccount.read(path).patients) for path in detectors]
    beside = {"detectors_know": set[str]().union(*known)} if known else {}
    focus = read_parquet(candidates).filter("focus")
    audits = {
        name: audit_split(
            rows_of_split(
                read_parquet(path),
                focus,
                used=features,
                whole=name == "own",
                taught=found | (beside if name == protocols[0] else {}),
            ),
            permutations=permutations,
            seed=seed,
        )
        for name, path in zip(protocols, splits, strict=True)
    }
    measured = read_protocols(
        protocols, scores, accounts, lstm_scores, lstm_cards, tree_scores, tree_accounts
    )
    gaps = protocol_gaps(
        {one.protocol: one.test for one in measured},
        {
            one.protocol: {key: float(known["threshold"]) for key, known in one.models.items()}
            for one in measured
        },
        reference=REFERENCE,
        confidence=settings["confidence"],
    )
    audited = "own" if "own" in audits else protocols[0]
    account = LeakageAccount(
        audited=audited,
        verdict=audits[audited].verdict,
        confidence=settings["confidence"],
        protocols=audits,
        gaps=gaps,
    )
    account.write(facts)
    rows = [
        {"protocol": name, **{key: getattr(one, key) for key in Shared.__struct_fields__}}
        for name, audit in audits.items()
        for one in audit.shared
    ]
    write_text(shared, sheet_text(["protocol", *Shared.__struct_fields__], rows))
    write_page(page, audit_page(account, source=source), words)
    for name, audit in audits.items():
        log.info("protocol %s: %s. %s", name, audit.verdict, " ".join(reasons_of(audit)))


if __name__ == "__main__":
    run(main, snakemake, search=snakemake.input.search or None)
