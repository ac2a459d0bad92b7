"""Check configuration and sheet rows against their JSON schemas, all mistakes at once."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tomocalc.contradictions import contradictions
from tomocalc.errors import TomocalcError, raise_all

if TYPE_CHECKING:  # neither package comes with the extra predict, whose modules meet here
    from jsonschema.exceptions import ValidationError

Schema = Mapping[str, Any]
SCHEMAS = Path(__file__).parents[2] / "schemas"
"""Folder of the schemas; the package alone has none."""


def load_schema(path: str | Path) -> Schema:
    """Read a JSON schema written as YAML."""
    import yaml

    try:  # several times as fast, where PyYAML was built with it; every start reads such files
        from yaml import CSafeLoader as SafeLoader
    except ImportError:
        from yaml import SafeLoader
    return yaml.load(Path(path).read_text(encoding="utf-8"), Loader=SafeLoader)


def check_config(config: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Return *config* with command-line strings turned into the types of *schema*.

    Raises
    ------
    TomocalcError
        ``E101``, one line for every mistake: unknown keys, wrong types, values out of range,
        and settings that contradict each other.
    """
    schema = _features_of(config, schema)
    coerced = coerce(config, schema)
    errors = [
        TomocalcError("E101", what=what, where=f"configuration key {key}", why=why, fix=fix)
        for key, what, why, fix in mistakes(coerced, schema)
    ]
    unsound = {error.where.split()[-1].split(".")[0] for error in errors}
    raise_all(errors + list(contradictions(coerced, unsound)))
    return coerced


def _features_of(config: Mapping[str, Any], schema: Schema) -> Schema:
    """Return *schema* with any names as features where *config* takes them from a table."""
    if config.get("source") != "table":
        return schema
    properties = schema["properties"]
    free = {**properties["features"], "items": schema["$defs"]["own_feature"]}
    return {**schema, "properties": {**properties, "features": free}}


def coerce(value: Any, schema: Schema) -> Any:
    """Return *value* with text turned into the number, boolean or null that *schema* wants.

    ``--config`` passes values as text, and YAML reads ``1e-3`` as text. Text that does not
    parse stays as it is, for the validator to name; 20.0 is 20 where an integer is wanted. Known
    keys come in the order of *schema*: Snakemake would take settings in another order for others.
    """
    if isinstance(value, Mapping):
        known, other = schema.get("properties", {}), schema.get("additionalProperties")
        extra = other if isinstance(other, Mapping) else {}
        order = [key for key in known if key in value] + [key for key in value if key not in known]
        return {key: coerce(value[key], known.get(key, extra)) for key in order}
    if isinstance(value, list):
        return [coerce(item, schema.get("items", {})) for item in value]
    read = _parse(value, schema) if isinstance(value, str) else value
    whole = isinstance(read, float) and read.is_integer() and "integer" in _named(schema)
    return int(read) if whole else read


def _parse(text: str, schema: Schema) -> Any:
    kinds = _named(schema)
    if "null" in kinds and text in {"", "null", "None"}:
        return None
    if "string" in kinds:
        return text
    if "boolean" in kinds and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if "integer" in kinds or "number" in kinds or isinstance(schema.get("const"), int):
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
    if {"object", "array"} & set(kinds):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            return text
    return text


def mistakes(value: Any, schema: Schema) -> Iterator[tuple[str, str, str, str]]:
    """Yield (key path, what, why, fix) of every mistake in *value*, in the order of the keys."""
    from jsonschema import Draft202012Validator

    found = Draft202012Validator(schema).iter_errors(value)
    ordered = sorted(found, key=lambda error: [str(part) for part in error.absolute_path])
    # Each missing key of a group has an error that names them all.
    yield from dict.fromkeys(line for error in ordered for line in _explain(error, schema))
    yield from _not_finite(value, "")


def _not_finite(value: Any, key: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the numbers that no comparison of a schema catches."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _not_finite(item, _join(key, str(name)))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _not_finite(item, _join(key, str(place)))
    elif isinstance(value, float) and not math.isfinite(value):
        yield key, "wrong value", f"{value} was given", "give a finite number"


EMPTY, NO_CHOICE = "it is empty", "not an allowed value"
NO_COMMA = "write decimals with a point, thousands without a mark, text with a comma in quotes"
AS_READ = {True: "YAML reads yes, on, true as true", False: "YAML reads no, off, false as false"}
"""What happens to a word without quotes."""
BOUNDS = {
    "minimum": ("below", "at least"),
    "exclusiveMinimum": ("not above", "above"),
    "maximum": ("above", "up to"),
    "exclusiveMaximum": ("not below", "below"),
}
"""Limits of a schema, as they are passed and as they are kept."""


def _explain(error: ValidationError, root: Schema) -> Iterator[tuple[str, str, str, str]]:
    key = ".".join(str(part) for part in error.absolute_path)
    schema = cast("Schema", error.schema)
    instance = cast("Any", error.instance)
    shown = json.dumps(instance, ensure_ascii=False, default=str, skipkeys=True)[:80]
    if error.validator == "additionalProperties":
        known = list(schema.get("properties", {}))
        for name in sorted(set(instance) - set(known), key=str):
            fix = _elsewhere(str(name), key, known, root)
            if key and instance[name] is None and fix.startswith("use"):
                fix = f"{NO_COMMA}; or {fix}"
            yield _join(key, str(name)), "unknown key", f"`{name}` is not a setting", fix
    elif error.validator == "required":
        for name in sorted(set(schema["required"]) - set(instance)):
            yield _join(key, name), "missing key", "it has no value", f"add `{name}`"
    elif error.validator in {"enum", "const"}:
        choices = schema.get("enum", [schema.get("const")])
        why = f"{shown} was given"
        why += f": unquoted, {AS_READ[instance]}" if isinstance(instance, bool) else ""
        yield key, NO_CHOICE, why, _choose(instance, choices)
    else:
        why = {
            "type": f"{shown} was given where {_kinds(schema)} is wanted",
            **{bound: f"{shown} is {no} {schema.get(bound)}" for bound, (no, _) in BOUNDS.items()},
            "minLength": EMPTY,
            "pattern": f"{shown} is not of the form that is asked for" if instance else EMPTY,
            "minItems": f"{shown} has fewer than {schema.get('minItems')} entries",
            "maxItems": f"{shown} has more than {schema.get('maxItems')} entries",
            "uniqueItems": f"{shown} repeats an entry",
            "not": f"{shown} is a column of the run's own tables",
        }.get(str(error.validator), error.message[:120])
        text = error.validator == "type" and "string" in _named(schema)
        yield key, "wrong value", why, (text and _quoted(instance)) or _wanted(schema, instance)


def _wanted(schema: Schema, given: Any) -> str:
    if "number" in _kinds(schema) and isinstance(given, str) and COMMA.fullmatch(given):
        point = f"write decimals with a point, as in {given.replace(',', '.')}"
        thousand = f", and thousands without a mark, as in {given.replace(',', '')}"
        return point + thousand * bool(re.fullmatch(r"-?[1-9]\d{0,2},\d{3}", given))
    given = "" if isinstance(given, bool | list | dict | None) else str(given)
    if "array" in _named(schema) and given and not COMMA.fullmatch(given):
        items = schema.get("items", {})
        choice, free = items.get("enum", []), items.get("type") == "string"
        words = re.split(r"\s*,\s*" if free or given in choice else r"[,\s]+", given.strip("[] "))
        if choice and not set(words) <= set(choice):
            return f"write a list of some of {allowed({'enum': choice})}"
        if len(words) >= schema.get("minItems", 0) and ";" not in given:
            return f"write it as a list: [{', '.join(words)}]"
    meaning = schema.get("description")
    return f"give {allowed(schema) or 'a valid value'}" + (f": {meaning}" if meaning else "")


def _quoted(given: Any) -> str | None:
    """Return what mends a text that YAML took for something else, if it did."""
    if isinstance(given, bool):
        return f"put the word in quotes: unquoted, {AS_READ[given]}"
    if isinstance(given, int | float | date):
        return f'put it in quotes, as in "{given}": unquoted, YAML reads a number or a date'
    return None


def _named(schema: Schema) -> list[str]:
    """Return the kinds of value that a setting may have."""
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _kinds(schema: Schema) -> str:
    words = NAMES | {"null": "nothing"}
    told = (words.get(kind, f"a {kind}") for kind in _named(schema))
    return " or ".join(told).replace("a i", "an i")


def _join(prefix: str, key: str) -> str:
    return f"{prefix}.{key}" if prefix else key


def _elsewhere(name: str, group: str, known: list[str], root: Schema) -> str:
    """Return where a key belongs that its *group* does not have, or what may be meant by it."""
    groups = root.get("properties", {})
    if ":" in name:
        return f"write a blank behind the colon: `{name.replace(':', ': ')}`"
    if group and name in groups:
        return f"write `{name}:` at the left edge, not below `{group}:`"
    homes = sorted(_homes(name, root), key=lambda home: not home.startswith(f"{group}."))
    if not homes and name.partition(".")[0] not in groups:
        return _suggest(name, known)
    fix = _nested(homes[0] if homes else name)
    for home in homes[1:]:
        fix += f"; or below `{home.rpartition('.')[0].replace('.', ': ')}:`, which has it too"
    return f"{fix}; `{group}:` has {', '.join(known)}" if group else fix


def _homes(name: str, schema: Schema, path: str = "") -> Iterator[str]:
    """Yield the settings called *name*, with their groups before a dot."""
    for key, kind in schema.get("properties", {}).items():
        if path and key == name:
            yield f"{path}.{name}"
        yield from _homes(name, kind, _join(path, key))


def _nested(given: str) -> str:
    """Return how a key with dots in it is written."""
    group, _, name = given.partition(".")
    line = f"{name.replace('.', ': {')}: …{'}' * name.count('.')}"
    below = f"a line `{group}:` and below it, indented, `{line}`"
    return f"write it nested: {below}; with --config, {group}='{{{line}}}'"


def _suggest(given: str, known: list[str]) -> str:
    meant = _meant(given, known)
    unit = re.search(r"_(mm|um|cm|px)$", given)
    if meant and unit and not meant.endswith(unit[0]):
        return f"did you mean `{meant}`, whose unit is another? Convert the values"
    return f"did you mean `{meant}`?" if meant else f"use one of: {', '.join(known)}"


def _choose(given: Any, values: list[Any]) -> str:
    known = ["empty" if value is None else str(value) for value in values]
    meant = _meant(str(given), known)
    asked = f"did you mean `{meant}`? Use" if meant else "use"
    return f"{asked} one of: {', '.join(known)}"


COMMA = re.compile(r"-?\d+,\d+")
SYNONYMS = {"gpu": "cuda", "side": "laterality", "patient": "patient_id", "col": "x", "row": "y"}
"""What people write for a name or value that is spelt otherwise."""
SPELLING = 0.7
"""Least similarity of a misspelt word, by `difflib`: aera to area is 0.75, gpu to cpu 0.67."""


def _meant(given: str, known: list[str]) -> str | None:
    """Return the word of *known* that was clearly meant, if any."""
    for word in (SYNONYMS.get(given.lower(), given), given):
        for near in difflib.get_close_matches(word, known, n=1, cutoff=SPELLING):
            return near
    return None


NAMES = {"null": "empty", "array": "a list", "object": "a group of keys"}
"""Kinds of value in the words of who writes YAML."""


def allowed(item: Schema) -> str:
    """Return in words which values a setting may have."""
    if "const" in item:
        return f"`{item['const']}`"
    if "enum" in item:
        return ", ".join("empty" if choice is None else f"`{choice}`" for choice in item["enum"])
    text = " or ".join(NAMES.get(kind, kind) for kind in _named(item))
    limits = ", ".join(f"{word} {item[key]}" for key, (_, word) in BOUNDS.items() if key in item)
    if "minimum" in item and "maximum" in item:
        limits = f"{item['minimum']} to {item['maximum']}"
    return f"{text}, {limits}" if limits else text
