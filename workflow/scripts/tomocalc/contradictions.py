"""Settings that contradict each other, or of which a file tells one twice."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tomocalc.errors import TomocalcError, fault, raise_all

OTHER_BASE = re.compile(r"[-+]?(0[0-9_]+|.*:.*)")
"""Numbers that YAML reads in base 8 or 60."""
OF_CLUSTERS = ("centre_", "cluster_", "nearest_", "tree_", "hull_", "member_", "spread_")
"""How the names of features begin that clusters have; a test holds them together."""
OF_TEXTURE = ("texture_", "cluster_texture_")
OF_A_READER = "reader_"


def check_text(path: str | Path) -> None:
    """Check a configuration file for what YAML passes over: a key twice, 012 read as ten.

    Raises
    ------
    TomocalcError
        ``E101``, one for each. What is no YAML at all Snakemake has refused before.
    """
    import yaml

    try:
        root = yaml.compose(Path(path).read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, OSError, UnicodeDecodeError):
        return
    nodes, errors = [root], []

    def add(key: str, node: yaml.Node, why: str) -> None:
        errors.append(fault(key, f"{path}:{node.start_mark.line + 1}", why))

    for node in nodes:  # grows by what each node holds; an alias is its anchor again
        held = []
        if isinstance(node, yaml.SequenceNode):
            held = node.value
        elif isinstance(node, yaml.MappingNode):
            held = [value for _, value in node.value]
            first: dict[str, yaml.Node] = {}
            for name, _ in node.value:
                known = first.setdefault(str(name.value), name)
                if known is not name and name.value != "<<" and not name.value.isdigit():
                    line = known.start_mark.line + 1
                    why = f"`{name.value}` stands on line {line} too, and the last would win"
                    add("key_twice", name, why)
        elif node is not None and node.tag.endswith(":int") and OTHER_BASE.fullmatch(node.value):
            add("wrong_base", node, f"YAML reads {node.value} as a number of base 8 or 60")
        nodes += [one for one in held if one not in nodes]
    raise_all(errors)


def contradictions(config: Mapping[str, Any], unsound: set[str]) -> Iterator[TomocalcError]:
    """Yield what each setting allows but their combination does not; skip *unsound* sections."""
    for check, sections in CHECKS.items():
        if not unsound.intersection(sections):
            yield from check(config)


def _contradiction(key: str, why: str, fix: str) -> TomocalcError:
    return fault("settings_contradict", f"configuration key {key}", why, fix)


def _candidates(config: Mapping[str, Any]) -> Iterator[TomocalcError]:
    sizes = config["candidates"]
    if sizes["min_diameter_mm"] >= sizes["max_diameter_mm"]:
        why = "it is not below candidates.max_diameter_mm"
        yield _contradiction("candidates.min_diameter_mm", why, "lower it")


RANGES = {
    "tuning": ("learning_rate", "dropout", "layers", "units"),
    "insertion": ("clusters", "diameter_mm", "contrast"),
}
"""Settings that are a lowest and a highest value."""


def _ranges(config: Mapping[str, Any]) -> Iterator[TomocalcError]:
    for section, key in [(section, key) for section, keys in RANGES.items() for key in keys]:
        low, high = config[section][key]
        if low > high:
            why, fix = f"{low} is above {high}", "write [lowest, highest]"
            yield _contradiction(f"{section}.{key}", why, fix)


def _split(config: Mapping[str, Any]) -> Iterator[TomocalcError]:
    if config["split"]["validation_fraction"] + config["split"]["test_fraction"] >= 1:
        why = "validation and test leave nothing to train on"
        fix = "lower split.validation_fraction or split.test_fraction"
        yield _contradiction("split.test_fraction", why, fix)


def _insertion(config: Mapping[str, Any]) -> Iterator[TomocalcError]:
    insertion = config["insertion"]
    if insertion["enabled"] and config["source"] != "volumes":
        held = {"table": "a table holds no images", "phantom": "phantoms bring their own"}
        why = f"calcifications are put into your own volumes, and {held[config['source']]}"
        yield _contradiction("insertion.enabled", why, "set source to volumes, or take it back")
    no_sheet = config["source"] == "volumes" and config["volumes"]["annotations"] is None
    if no_sheet and not insertion["enabled"]:
        why = "nothing is annotated and nothing is put in: there is nothing to learn"
        fix = "name a sheet, or set insertion.enabled to true"
        yield _contradiction("volumes.annotations", why, fix)
    smallest, largest = insertion["diameter_mm"][0], config["candidates"]["max_diameter_mm"]
    if insertion["enabled"] and smallest >= largest:
        why = f"none of them can be found: candidates.max_diameter_mm is {largest:g}"
        yield _contradiction("insertion.diameter_mm", why, "lower one, or raise the other")


def _detectors(config: Mapping[str, Any]) -> Iterator[TomocalcError]:
    wrong = {
        "source": ("table", "detectors search image volumes, and the source is a table"),
        "target": ("malignancy", "detectors find calcifications, and clusters are asked about"),
        "protocol": ("paper", "detectors learn from training patients, and the paper has none"),
    }
    for key, (value, why) in wrong.items():
        if config["detectors"] and config[key] == value:
            yield _contradiction("detectors", f"{why} ({key}: {value})", "set detectors: []")


OTHER_KIND = ("set target: malignancy, or another kind", "give table.cluster, or use another kind")
"""Of sequences of members without clusters: of images, and of a table."""


def _target(config: Mapping[str, Any]) -> Iterator[TomocalcError]:
    tabled = config["source"] == "table" and config["table"]["cluster"] is not None
    of_clusters = config["target"] == "malignancy" and config["source"] != "table"
    members = config["sequence"]["kind"] == "members"
    if of_clusters != members and not (tabled and members):
        why = "the rows are members of clusters" if of_clusters else "there are no clusters"
        fix = "use members" if of_clusters else OTHER_KIND[config["source"] == "table"]
        yield _contradiction("sequence.kind", why, fix)
    own = [name for name in config["features"] if name.startswith(OF_CLUSTERS)]
    if own and config["source"] != "table" and not of_clusters:
        why = f"{own[0]} is a feature of clusters"
        yield _contradiction("features", why, f"leave {own[0]} out, or set target: malignancy")
    opinions = [name for name in config["features"] if name.startswith(OF_A_READER)]
    if opinions and config["source"] != "table":
        why = f"{opinions[0]} is what a reader says of a cluster"
        if not of_clusters:
            yield _contradiction("features", f"{why}, and the rows are candidates", "take it out")
        elif config["source"] == "phantom":
            yield _contradiction("features", f"{why}, and nobody read the phantom", "take it out")
    texture = [name for name in config["features"] if name.startswith(OF_TEXTURE)]
    if texture and config["source"] != "table" and not config["image"]["texture"]:
        why = f"{texture[0]} is among the features, and texture is not measured"
        yield _contradiction("image.texture", why, "set it to true")
    simulated = of_clusters and config["source"] == "phantom"
    if simulated and config["phantom"]["malignant_fraction"] is None:
        why, fix = "the phantom's clusters have no outcome", "give a share, such as 0.5"
        yield _contradiction("phantom.malignant_fraction", why, fix)


NO_FEATURES = {
    "label": "the label itself",
    "patient_id": "the patient's name",
    "cluster": "the cluster's name",
}
"""Columns of a table that say whose a row is, or what is to be told."""


def _table(config: Mapping[str, Any]) -> Iterator[TomocalcError]:
    table = config["table"]
    own = config["source"] == "table"
    asking = "source is table" if own else "predict.table is given"
    for key in ("path", "label", "positive") if own else ("label", "positive"):
        if table[key] is None and (own or config["predict"]["table"] is not None):
            why = f"{asking} but it has no value"
            yield _contradiction(f"table.{key}", why, f"give table.{key}")
    if not own:
        return
    for name in config["features"]:
        column = table["features"].get(name, name)
        for key, what in NO_FEATURES.items():
            if column == table[key]:
                why = f"`{column}` is {what} (table.{key})"
                yield _contradiction("features", why, f"take `{name}` out")
    if config["sequence"]["kind"] == "slices":
        why, fix = "a table has no slices", "use features_as_steps or single_step"
        yield _contradiction("sequence.kind", why, fix)
    if str(table["path"]).startswith(("http://", "https://")) and not table["sha256"]:
        why = "a fetched table needs a checksum"
        yield _contradiction("table.sha256", why, "give the file's SHA-256")


CHECKS: dict[Callable[[Mapping[str, Any]], Iterator[TomocalcError]], tuple[str, ...]] = {
    _candidates: ("candidates",),
    _ranges: ("tuning", "insertion"),
    _insertion: ("insertion", "source", "volumes", "candidates"),
    _split: ("split",),
    _target: ("source", "table", "target", "image", "sequence", "features", "phantom"),
    _table: ("source", "table", "sequence", "features", "predict"),
    _detectors: ("detectors", "source", "target", "protocol"),
}
"""Every check, and the sections that it reads."""
