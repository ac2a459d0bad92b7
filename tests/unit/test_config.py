"""The configuration is checked as a whole, before any job."""

from pathlib import Path
from types import UnionType
from typing import get_args, get_origin, get_type_hints

import pytest

from reference import PAGES, page
from support.defaults import SCHEMAS, read
from tomocalc.config import check_config
from tomocalc.contradictions import check_text
from tomocalc.errors import TomocalcError
from tomocalc.sections import SECTIONS
from tomocalc.tables import KEYS, LABELS, PLACE

ROOT = Path(__file__).parents[2]
SCHEMA = SCHEMAS["config"]


def default():
    return read("config")


def changed(**sections):
    config = default()
    for key, value in sections.items():
        config[key] = {**config.get(key, {}), **value} if isinstance(value, dict) else value
    return config


def test_default_is_valid_and_unchanged():
    assert check_config(default(), SCHEMA) == default()


KINDS = {int: "integer", float: "number", str: "string", bool: "boolean", dict: "object"}


@pytest.mark.parametrize("name", SECTIONS)
def test_types_of_a_section_are_those_of_the_schema(name):
    described(SECTIONS[name], SCHEMA["properties"][name])


def described(section, schema):
    properties = schema["properties"]
    kinds = get_type_hints(section)
    assert kinds.keys() == properties.keys(), "say it in tomocalc/sections.py"
    for key, kind in kinds.items():
        wanted = properties[key]
        if "properties" in wanted:
            described(kind, wanted)
        elif "enum" in wanted:
            assert set(get_args(kind)) == set(wanted["enum"]), f"{key}, in tomocalc/sections.py"
        else:
            choices = [it for it in get_args(kind) if it is not type(None)]
            one = choices[0] if isinstance(kind, UnionType) else kind
            wide = get_origin(one) or one
            name = KINDS.get(wide, "array")
            assert name in wanted["type"], key


@pytest.mark.parametrize("name", ["paper", "mini_mias"])
def test_shipped_configs_are_valid(name):
    check_config(changed(**read(name)), SCHEMA)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (
            {"volumes.kinds": ["slabs"]},
            "write it nested: a line `volumes:` and below it, indented, `kinds: …`; "
            "with --config, volumes='{kinds: …}'",
        ),
        ({"comparison.weights.resnet": "x"}, "indented, `weights: {resnet: …}`; with"),
        ({"sheet": "my.csv"}, "a line `volumes:` and below it, indented, `sheet: …`; with --"),
        ({"annotations": "x"}, "'{annotations: …}'; or below `predict:`, which has it too."),
        ({"modle": {}}, "key modle): `modle` is not a setting. Fix: did you mean `model`?"),
        ({"source": "phantm"}, 'key source): "phantm" was given. Fix: did you mean `phantom`?'),
        (
            {"model": {"device": "gpu"}},
            '"gpu" was given. Fix: did you mean `cuda`? Use one of: auto, cpu, cuda.',
        ),
        ({"source": "images"}, "Fix: use one of: phantom, volumes, table."),
        ({"import": {"dicom_laterality": "left"}}, "Fix: use one of: L, R, empty."),
        ({"phantom": {"end_on_vessels": -1}}, "-1 is below 0. Fix: give number, 0 to 100: "),
        ({"phantom": {"photons": 0}}, "0 is not above 0. Fix: give number, above 0: "),
        ({"model": {"epochs": -3}}, "key model.epochs): -3 is below 1."),
        ({"model": {"epochs": 2.5}}, "key model.epochs): 2.5 was given where an integer is wanted"),
        ({"model": {"dropout": "high"}}, 'key model.dropout): "high" was given where a number'),
        ({"model": {"dropout": float("nan")}}, "key model.dropout): nan was given"),
        ({"model": {"learning_rate": float("inf")}}, "learning_rate): Infinity is above 1"),
        ({"split": {"folds": 1}}, "key split.folds): 1 is below 2."),
        ({"split": {"test_fraction": 0.75, "validation_fraction": 0.5}}, "leave nothing to train"),
        ({"features": ["area", "area"]}, "key features): "),
        ({"features": ["aera"]}, 'key features.0): "aera" was given. Fix: did you mean `area`?'),
        ({"pathvars": {"results": ""}}, "pathvars.results): it is empty."),
        ({"pathvars": {"logs": "l{x}"}}, "Fix: give string: folder of logs, run times"),
        ({"candidates": {"min_diameter_mm": 3.0}}, "not below candidates.max_diameter_mm"),
        ({"volumes": {"kinds": "slabs"}}, "wanted. Fix: write it as a list: [slabs]."),
        ({"detectors": "unet, blob_dog"}, "wanted. Fix: write it as a list: [unet, blob_dog]."),
        ({"features": "[area contrast]"}, "wanted. Fix: write it as a list: [area, contrast]."),
        ({"detectors": "all"}, "wanted. Fix: write a list of some of `faster_rcnn`, "),
        ({"runs": "a b/results"}, "wanted. Fix: write it as a list: [a b/results]."),
        ({"insertion": {"contrast": 0.1}}, "Fix: give a list: peak of a calcification over"),
        ({"evaluation": {"prevalences": "0,5"}}, "Fix: give a list: shares of"),
        ({"evaluation": {"prevalences": 0.01}}, "Fix: write it as a list: [0.01]."),
        ({"evaluation": {"prevalences": "0.01 0.1"}}, "Fix: write it as a list: [0.01, 0.1]."),
        ({"evaluation": {"prevalences": None}}, "Fix: give a list: shares of"),
        ({"tuning": {"units": 64}}, "Fix: give a list: [fewest, most] of a layer."),
        ({"volumes": {"kinds": "synthetic 2D"}}, "Fix: write it as a list: [synthetic 2D]."),
        ({"tuning": {"units": [64, 16]}}, "key tuning.units): 64 is above 16"),
        ({"tuning": {"units": [64]}}, "key tuning.units): [64] has fewer than 2 entries"),
        ({"insertion": {"contrast": [1.0, 0.1]}}, "key insertion.contrast): 1.0 is above 0.1"),
        ({"detectors": ["unet"], "protocol": "paper"}, "and the paper has none (protocol: paper)"),
        ({"split": {2: None}}, "write decimals with a point, thousands without a mark, text"),
        ({"schema_version": 7}, "key schema_version): 7 was given. Fix: use one of: 1."),
        ({"model": {"tuning": {}}}, "write `tuning:` at the left edge, not below `model:`."),
        ({"evaluation": {"distance_mm": 3}}, "on='{cluster: {distance_mm: …}}'; or below `cl"),
        ({"distance_mm": 3}, "; or below `evaluation: cluster:`, which has it too."),
        ({"tuning": {"layers": [1, 5]}}, "key tuning.layers.1): 5 is above 4. Fix: give integer, "),
        ({"split": {"folds:3": None}}, "Fix: write a blank behind the colon: `folds: 3`."),
        ({"split": {(1, 2): 3}}, "key split.(1, 2)): `(1, 2)` is not a setting. Fix: use one of"),
        ({"image": None}, "key image): null was given where a group of keys is wanted"),
        ({"table": {"features": {"flaeche": "A"}}}, 'features): "flaeche" was given. Fix: '),
        ({"table": {"features": {"aera": "A"}}}, "did you mean `area`?"),
        ({"source": "table"}, "key table.path): source is table but it has no value"),
        ({"table": {"positive": True}}, "unquoted, YAML reads yes, on, true as true"),
        ({"table": {"positive": 1}}, 'Fix: put it in quotes, as in "1"'),
        ({"dataset": {"impute": False}}, "reads no, off, false as false. Fix: use one of: none"),
    ],
)
def test_each_mistake_is_one_line_with_its_key(change, line):
    with pytest.raises(TomocalcError) as caught:
        check_config(changed(**change), SCHEMA)
    assert line in str(caught.value)
    assert all(text.startswith("ERROR [E101] ") for text in str(caught.value).splitlines())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("split: {folds: 3}\nsplit: {test_fraction: 0.3}\n", "`split` stands on line 1 too"),
        ("split:\n  folds: 3\n  folds: 4\n", "yaml:3): `folds` stands on line 2 too"),
        ("seed: 012\n", "yaml:1): YAML reads 012 as a number of base 8"),
        ("words: {row: 1:30}\n", "yaml:1): YAML reads 1:30"),
    ],
)
def test_what_yaml_passes_over_is_told(tmp_path, text, line):
    (tmp_path / "study.yaml").write_text(text)
    with pytest.raises(TomocalcError) as caught:
        check_text(tmp_path / "study.yaml")
    assert line in str(caught.value)
    (tmp_path / "study.yaml").write_text('a: &a {seed: 0, b: "012", c: 0.5, d: 1,000,000}\ne: *a\n')
    check_text(tmp_path / "study.yaml")


def test_a_missing_key_is_named():
    config = default()
    del config["eda"]["bins"], config["split"]["folds"], config["split"]["test_fraction"]
    with pytest.raises(TomocalcError, match=r"key eda\.bins\): it has no value") as caught:
        check_config(config, SCHEMA)
    assert len(str(caught.value).splitlines()) == 3


def test_all_mistakes_come_at_once():
    config = changed(
        source="phantm", model={"epochs": 0, "dropuot": 0.1}, candidates={"min_diameter_mm": 9.0}
    )
    with pytest.raises(TomocalcError) as caught:
        check_config(config, SCHEMA)
    assert len(str(caught.value).splitlines()) == 4


def test_command_line_text_becomes_the_type_of_the_schema():
    config = changed(
        seed="7",
        table={"header": "false", "sha256": "null"},
        model={"learning_rate": "1e-3", "units": ["64", 32.0]},
    )
    checked = check_config(config, SCHEMA)
    assert checked["seed"] == 7
    assert checked["table"]["header"] is False
    assert checked["table"]["sha256"] is None
    assert checked["model"]["learning_rate"] == 0.001
    assert str(checked["model"]["units"]) == "[64, 32]"


def test_settings_in_another_order_are_the_same_settings():
    """Snakemake compares the parameters of a job as they are written."""
    turned = dict(reversed(default()["image"].items()))
    checked = check_config({**default(), "image": turned}, SCHEMA)
    assert list(turned) != list(checked["image"])
    assert list(checked["image"]) == list(check_config(default(), SCHEMA)["image"])


def test_a_fetched_table_needs_a_checksum():
    table = {"path": "https://example.org/t.csv", "label": "y", "positive": "1", "sha256": None}
    config = changed(source="table", table=table)
    with pytest.raises(TomocalcError, match=r"key table\.sha256\): a fetched table needs"):
        check_config(config, SCHEMA)


def test_calcifications_are_put_into_volumes_only():
    table = {"path": "t.csv", "label": "y", "positive": "1"}
    into_a_table = changed(
        source="table", table=table, sequence={"kind": "single_step"}, insertion={"enabled": True}
    )
    with pytest.raises(TomocalcError, match=r"E101.*insertion\.enabled.*a table holds no images"):
        check_config(into_a_table, SCHEMA)
    with pytest.raises(TomocalcError, match=r"insertion\.enabled.*phantoms bring their own"):
        check_config(changed(insertion={"enabled": True}), SCHEMA)
    own = {"source": "volumes", "volumes": {"annotations": None}}
    with pytest.raises(TomocalcError, match=r"volumes\.annotations.*nothing is put in"):
        check_config(changed(**own), SCHEMA)
    check_config(changed(**own, insertion={"enabled": True}), SCHEMA)


@pytest.mark.parametrize("name", PAGES)
def test_reference_pages_are_up_to_date(name):
    assert (ROOT / name).read_text() == page(name), "run `make docs`"


def test_a_table_may_bring_features_of_any_name_but_those_of_the_run():
    config = changed(
        source="table",
        table={"path": "t.csv", "label": "y", "positive": "1"},
        sequence={"kind": "single_step"},
    )
    own = ["original_glcm_Contrast", "wavelet-LLH mean (1)", "area"]
    assert check_config(config | {"features": own}, SCHEMA)["features"] == own
    with pytest.raises(TomocalcError, match=r'features.0\): "label" is a column of the run'):
        check_config(config | {"features": ["label"]}, SCHEMA)
    held = {column.name for column in KEYS + PLACE + LABELS}
    assert held <= {*SCHEMA["$defs"]["own_feature"]["not"]["enum"]}
