"""The protocols that are compared and audited: each has a folder of the same files."""

from tomocalc.planning import protocols

PROTOCOLS = protocols(config)
OWN = f"<results>/protocols/{config['protocol']}"
PAIR = ["paper", "honest"]


def own_split(wildcards):
    """The user's split file, for the protocol that reads it."""
    return config["audit"]["splits"] if wildcards.protocol == "own" else []


def compared_scores(wildcards):
    """Scores and accounts of all models under every protocol, in the order of `PROTOCOLS`.

    The comparison with image models has their scores too, all networks of one protocol after
    those of another.
    """
    folder = "<results>/protocols/{protocol}"
    asked = {
        "scores": f"{folder}/feature_models.parquet",
        "accounts": f"{folder}/feature_models.json",
        "lstm_scores": f"{folder}/lstm/scores.parquet",
        "lstm_cards": f"{folder}/lstm/model.json",
    }
    found = {name: expand(path, protocol=PROTOCOLS) for name, path in asked.items()}
    if wildcards.get("comparison") == "image_models":
        for name, end in (("image_scores", "parquet"), ("image_accounts", "json")):
            path = folder + "/{network}." + end
            found[name] = expand(path, protocol=PROTOCOLS, network=list(IMAGE_KEYS))
    return found
