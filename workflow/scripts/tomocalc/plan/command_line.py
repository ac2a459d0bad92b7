"""Mistakes in the command, which Snakemake answers with a traceback: told in a line instead.

``profiles/default`` calls `check_command`: of all that belongs to the workflow, Snakemake reads it
first. `Remedies` puts a remedy to what Snakemake says later.
"""

import difflib
import logging
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import yaml

from tomocalc.errors import TomocalcError, fault

SETTING = re.compile(r"[A-Za-z_][\w-]*\w=")
STUDY = (".yaml", ".yml", ".json")
FLAGS = ("-n", "--dry-run", "--use-conda", "--sdm", "conda", "all")
"""Words of a command after which a file can only be a target."""
MISSING_DATA = re.compile(r"import_dataset:.*dataset=(\w+).*affected files:\s+([^\n]+)", re.DOTALL)
DEPLOYED = ("--use-conda", "--sdm", "--software-deployment-method", "--profile")
"""Options with which scripts have a Python of their own."""
MISSING_RULE = re.compile(r"No rule to produce (?P<target>\S+)")


def check_command(words: Sequence[str]) -> None:
    """End the process with a line if the command cannot be meant so.

    Parameters
    ----------
    words
        Of the command, without the program's name.
    """
    try:
        _check_repeats(words)
        _check_files(words)
        _check_settings(words)
        _check_environment(words)
    except TomocalcError as error:
        sys.exit(str(error))
    _find_a_cache()


def _values(words: Sequence[str], *names: str) -> list[tuple[int, str]]:
    """Return the words behind the options *names*, each with its place in the command."""
    found, inside = [], False
    for place, word in enumerate(words):
        if word.startswith("-"):
            option, _, value = word.partition("=")
            inside = option in names
            found += [(place, value)] if inside and value else []
        elif inside:
            found.append((place, word))
    return found


def _check_repeats(words: Sequence[str]) -> None:
    for names in (("--configfile", "--configfiles"), ("--config", "-C")):
        if sum(word.partition("=")[0] in names for word in words) > 1:
            once = shlex.join([names[0], *(value for _, value in _values(words, *names))])
            why = "it is given twice, and Snakemake forgets all but the last"
            raise _mistaken(names[0], why, f"give it once: `{once}`")


def _check_files(words: Sequence[str]) -> None:
    given = _values(words, "--configfile", "--configfiles")
    for number, (place, name) in enumerate(given):
        if number and not name.endswith(STUDY[:2]):
            raise _swallowed(words, place, "--configfile takes every word behind it for a file")
        if Path(name).suffix.lower() not in STUDY:
            why, fix = "it is no YAML or JSON file", "name it: --configfile my_study.yaml"
            raise _mistaken(f"--configfile {name}", why, fix)
        _check_study(Path(name))
    taken = {place for place, _ in given}
    for place, name in enumerate(words):
        before = words[place - 1] if place else "-n"
        loose = before in FLAGS or before.isdigit()
        if loose and place not in taken and name.endswith(STUDY[:2]) and Path(name).is_file():
            why = "a file of settings is no target, so nothing would be done"
            raise _mistaken(name, why, f"name it behind --configfile: --configfile {name}")


def _check_study(path: Path) -> None:
    where = f"--configfile {path}"
    try:
        text = path.read_text("utf-8-sig")
        read = yaml.safe_load(text)
    except OSError as error:
        near = difflib.get_close_matches(path.name, _beside(path), n=1)
        why = f"{error.strerror}; its path starts from the working directory, {Path.cwd()}"
        fix = f"did you mean {path.with_name(near[0])}?" if near else "correct the path"
        raise _mistaken(where, why, fix) from None
    except UnicodeDecodeError:
        raise _mistaken(where, "it is no text in UTF-8", "save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        why = f"{place}{getattr(error, 'problem', None) or 'it holds a control character'}"
        fix = "correct it: indent by blanks, one blank behind a colon, close quotes and brackets, "
        fix += "and put text that holds : # @ % or \\ in single quotes"
        raise _mistaken(where, why, fix) from None
    if other := re.search("^[ ]*\u00a0", text, re.MULTILINE):
        line = text.count("\n", 0, other.end()) + 1
        why = f"line {line} begins with no-break spaces, as web pages have them"
        raise _mistaken(where, why, "indent by blanks")
    if not isinstance(read, dict):
        why = "it is empty" if read is None else "it holds no keys at its top level"
        raise _mistaken(where, why, "write settings into it, as `source: volumes`")


def _beside(path: Path) -> list[str]:
    folder = path.parent
    return [one.name for one in folder.iterdir()] if folder.is_dir() else []


def _check_settings(words: Sequence[str]) -> None:
    for place, word in _values(words, "--config", "-C"):
        if SETTING.match(word):
            continue
        if "=" in (word[:1], words[place - 1][-1:], "".join(words[place + 1 :])[:1]):
            raise _mistaken(f"--config {word}", "there is a blank beside =", "leave it out")
        if word.endswith(("}", "]", ",")):
            why = "the shell has cut it at a blank"
            raise _mistaken(f"--config … {word}", why, "put quotes around it: 'name={a: 1}'")
        if "=" in word:
            why = "a name has two letters or more, no dot, and begins with a letter"
            raise _mistaken(f"--config {word}", why, "write --config 'section={key: value}'")
        raise _swallowed(words, place, "--config takes every word behind it for name=value")


def _check_environment(words: Sequence[str]) -> None:
    """Refuse a path of this Python that needs quotes: Snakemake puts none around it."""
    conda = any(word.partition("=")[0] in DEPLOYED for word in words)
    if not conda and (found := re.search(r"[\s\"'$&*?\[\](){}|;<>`\\]", sys.executable)):
        raise fault("environment_misplaced", sys.executable, f"its path holds `{found[0]}`")


def _swallowed(words: Sequence[str], place: int, why: str) -> TomocalcError:
    """Return that a target was taken for an option's value, with the command that was meant."""
    rest = list(words[place:])
    end = next((at for at, word in enumerate(rest) if word.startswith("-")), len(rest))
    last = rest.index("--") if "--" in rest else len(rest)  # behind it are targets already
    options, targets = [*words[:place], *rest[end:last]], [*rest[:end], *rest[last + 1 :]]
    meant = shlex.join(["snakemake", *options, "--", *targets])
    return _mistaken(words[place], why, f"put -- before the targets: `{meant}`")


def _find_a_cache() -> None:
    """Let Snakemake keep its cache here where it cannot below HOME, and say so."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    try:
        (home / "snakemake").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        os.environ["XDG_CACHE_HOME"] = str(Path(".snakemake/cache").absolute())
        sys.stderr.write(f"{home}: {error.strerror}; Snakemake's cache is in .snakemake/cache\n")


def _mistaken(where: str, why: str, fix: str) -> TomocalcError:
    return fault("setting_not_understood", where, why, fix)


class Remedies(logging.Filter):
    """Puts what to do in place of some of Snakemake's messages.

    Attributes
    ----------
    targets
        Gives the rules and files that can be asked for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.targets: Callable[[], Iterable[str]] = list

    def filter(self, record: logging.LogRecord) -> bool:
        """Reword *record*; let it pass."""
        text = str(record.msg or "")
        if record.levelno < logging.ERROR:
            return True
        if found := MISSING_RULE.search(text):
            near = difflib.get_close_matches(found["target"], list(self.targets()), n=1)
            fix = f"did you mean {near[0]}?" if near else "snakemake --list-rules names all rules"
            why = "no rule has this name, and none makes such a file"
            record.msg = str(_mistaken(f"target {found['target']}", why, fix))
        elif found := MISSING_DATA.search(text):
            key, place = f"configuration key import.{found[1]}", found[2]
            why, fix = f"`{place}` is not there", "correct the path"
            if place.startswith("pass --config"):
                why, fix = "it names no folder", place
            record.msg = str(fault("named_file_missing", key, why, fix))
        elif "Error running conda info" in text:
            fix = "install Miniforge and open a new shell, or leave --use-conda out after make demo"
            record.msg = str(_mistaken("--use-conda", "there is no conda on the PATH", fix))
        return True
