"""Paths of the protocols that are compared and audited."""

from tomocalc.planning import protocols

PROTOCOLS = protocols(config)


def by_protocol(own, other):
    """One path per protocol: *own* for the run's own, *other* with {protocol} for the rest."""
    return [
        own if name == config["protocol"] else other.replace("{protocol}", name)
        for name in PROTOCOLS
    ]


def scored_protocols(_):
    """Scores and accounts of the feature models and of the LSTM, an entry per protocol each."""
    return {
        "scores": expand(
            "<results>/comparison/{protocol}/feature_models.parquet",
            protocol=PROTOCOLS,
        ),
        "accounts": expand(
            "<results>/comparison/{protocol}/feature_models.json",
            protocol=PROTOCOLS,
        ),
        "lstm_scores": by_protocol(
            "<results>/evaluation/predictions.parquet",
            "<results>/comparison/{protocol}/lstm.parquet",
        ),
        "lstm_accounts": by_protocol(
            "<results>/model/model.json",
            "<results>/comparison/{protocol}/lstm.json",
        ),
    }


def protocol_splits(wildcards):
    """Splits of one protocol; the run's own are made already."""
    paths = by_protocol(
        "<results>/dataset/splits.parquet",
        "<results>/comparison/{protocol}/splits.parquet",
    )
    return paths[PROTOCOLS.index(wildcards.protocol)]


def own_split(wildcards):
    """The user's split file, for the protocol that reads it."""
    return config["audit"]["splits"] if wildcards.protocol == "own" else []
