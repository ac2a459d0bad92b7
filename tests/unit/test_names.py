"""Every name that a user may rely on is defined, tested, and told in the guide."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
import yaml

import tomocalc
from support.processes import python
from tomocalc.accounts.doubts import KINDS
from tomocalc.errors import CODES, FAULTS, TomocalcError
from tomocalc.files import read_json, write_json
from tomocalc.parquet import read_parquet
from tomocalc.readers.sources import source_files

ROOT = Path(__file__).parents[2]
NAME = re.compile(r"`(tomocalc(?:\.\w+)+)`")


@cache
def guide() -> str:
    pages = [ROOT / "README.md", ROOT / "config/README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return "\n".join(page.read_text(encoding="utf-8") for page in pages)


@cache
def suite() -> str:
    files = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(files))


def public_names() -> list[str]:
    return sorted(set(NAME.findall((ROOT / "docs/python.md").read_text(encoding="utf-8"))))


def rules() -> list[str]:
    files = sorted((ROOT / "workflow/rules").glob("*.smk"))
    return [
        name
        for file in files
        for name in re.findall(r"^rule (\w+):", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]


def scripts() -> list[str]:
    return sorted(path.stem for path in (ROOT / "workflow/scripts").glob("*.py"))


def settings() -> list[str]:
    """Return the dotted keys of the configuration that hold a value."""

    def keys(values: dict[str, object], before: str) -> list[str]:
        found = []
        for key, value in values.items():
            inner = keys(value, f"{before}{key}.") if isinstance(value, dict) and value else []
            found += inner or [f"{before}{key}"]
        return found

    return keys(yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8")), "")


def named(name: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def test_there_are_names_of_every_kind() -> None:
    assert len(public_names()) >= 12
    assert 20 < len(rules()) <= 40
    assert len(scripts()) <= 38
    assert len(settings()) > 100


@pytest.mark.parametrize("name", public_names())
def test_a_public_name_is_defined_documented_and_tested(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    value = getattr(importlib.import_module(module), attribute)
    assert not callable(value) or value.__doc__
    assert named(attribute, suite())


def test_the_package_lists_what_it_offers_and_logs_nothing_unasked() -> None:
    assert set(dir(tomocalc)) == {*tomocalc.NAMES, "__version__"}
    assert python("import logging, tomocalc; logging.getLogger('tomocalc.x').warning('!')") == ""


@pytest.mark.parametrize("read", [read_json, read_parquet])
def test_what_is_no_result_is_named_and_never_to_be_deleted(read, tmp_path) -> None:
    (tmp_path / "own.csv").write_text("a,b\n")
    for name in ("own.csv", "none.json", "."):
        with pytest.raises(TomocalcError, match=r"E104.*Fix: correct the path, or make the file"):
            read(tmp_path / name)


def test_a_tilde_is_the_home_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_json("~/new/a.json", [1])
    assert read_json("~/new/a.json") == [1]
    assert source_files("~/new") == [tmp_path / "new/a.json"]
    with pytest.raises(TomocalcError, match="E105"):
        tomocalc.audit_images("~/new", tmp_path / "new")


def test_a_fault_names_the_folder_itself_and_may_ask() -> None:
    told = str(TomocalcError("E104", "a fault", ".", "is it so?", "mend it."))
    assert told == "ERROR [E104] a fault (.): is it so? Fix: mend it."


def test_every_rule_and_script_is_in_the_guide_and_in_a_test() -> None:
    names = {*rules(), *scripts()}
    assert set(scripts()) == set(rules())
    assert sorted(name for name in names if not named(name, guide())) == []
    assert sorted(name for name in names if not named(name, suite())) == []


def test_every_setting_is_in_the_guide_and_in_a_test() -> None:
    assert [key for key in settings() if f"`{key}`" not in guide()] == []
    assert [key for key in settings() if not named(key.rpartition(".")[2], suite())] == []


def test_every_error_code_is_in_the_guide_and_in_a_test() -> None:
    assert [code for code in CODES if f"## {code}:" not in guide()] == []
    assert [code for code in CODES if not named(code, suite())] == []


def test_every_fault_is_told_somewhere_and_with_its_words() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "workflow").rglob("*.py")]
    nodes = [node for text in sources for node in ast.walk(ast.parse(text))]
    told = {node.value for node in nodes if isinstance(node, ast.Constant)}
    assert set(FAULTS) <= told
    assert {kind.code for kind in FAULTS.values()} == set(CODES)
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    for call in (one for one in calls if getattr(one.func, "id", "") == "fault"):
        words = {word.arg for word in call.keywords}
        for key in (one.value for one in ast.walk(call.args[0]) if isinstance(one, ast.Constant)):
            texts = FAULTS[key].what + FAULTS[key].fix
            asked = {name for _, name, _, _ in Formatter().parse(texts) if name}
            assert (words, len(call.args) > 3) == (asked, not FAULTS[key].fix), key


def test_every_doubt_and_every_option_is_in_a_test() -> None:
    command = (ROOT / "workflow/scripts/tomocalc/command").glob("*.py")
    asked = r'add_argument\(\s*"(--[\w-]+)"'
    options = {name for file in command for name in re.findall(asked, file.read_text())}
    assert len(options) > 25
    assert sorted(name for name in {*options, *KINDS} if not named(name, suite())) == []


def test_the_page_of_the_architecture_names_every_package_and_nothing_else() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    _, _, rest = text.partition("## Where is what?")
    cells = [
        line.split("|")[2:4] for line in rest.partition("\n## ")[0].splitlines() if "| `" in line
    ]
    library = ROOT / "workflow/scripts/tomocalc"
    named_paths = [
        path for row in cells for cell in row for path in re.findall(r"`([\w./*<>]+)`", cell)
    ]
    for path in named_paths:
        pattern = re.sub(r"<\w+>", "*", path).rstrip("/")
        assert [*ROOT.glob(pattern), *library.glob(pattern)], path
    packages = {path.parent.name for path in library.glob("*/__init__.py")}
    assert packages <= {path.split("/")[0] for path in named_paths}
