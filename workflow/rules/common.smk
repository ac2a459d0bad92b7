"""Settings, checked, and what rules of every stage share; like all files of functions, no rules."""

import os
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
SCRIPTS = WORKFLOW / "scripts"
sys.path.insert(0, str(SCRIPTS))

from tomocalc.comparison.catalogue import IMAGE_KEYS
from tomocalc.config import check_config, load_schema
from tomocalc.errors import TomocalcError
from tomocalc.files import require_writable
from tomocalc.library import library_digest
from tomocalc.planning import check_named_files, read_sheets, take_short_form

DEFAULT_SETTINGS = WORKFLOW.parent / "config" / "config.yaml"
# A job on a cluster reads the rules too, and need not look at every volume again.
LOOK = workflow.is_main_process


def relative(path):
    """Path from the working directory: checksums of inputs then ignore a mere touch."""
    return os.path.relpath(path)


def schema(name):
    """Path of a JSON schema."""
    return relative(WORKFLOW / "schemas" / f"{name}.schema.yaml")


SHEET_SCHEMAS = {name: schema(name) for name in ("volumes", "annotations")}


def shipped(path):
    """A file that comes with the workflow, unless the working directory has one of its name."""
    own = WORKFLOW.parent / (path or "")
    return relative(own) if own.is_file() and not Path(path).exists() else path


def digest_of(script):
    """Digest of the source files of a script, so that editing one of them reruns it."""
    return library_digest(SCRIPTS / script)


def code_of(script):
    """The same, found when a job asks: few of the rules have jobs in most runs."""

    def digest(_):
        return digest_of(script)

    return digest


def section(name, *keys):
    """Some values of a section, so that a change of the others reruns nothing."""
    return {key: config[name][key] for key in keys}


def every(pattern, names):
    """One path per volume, asked only when its rule is."""

    def paths(_):
        return [pattern.replace("{volume}", name) for name in names]

    return paths


def in_logs(path):
    """Path of what outlives a job but is no result; Snakemake resolves no path among params."""
    return f"{config['pathvars']['logs']}/{path}"


def growing(mem_mb):
    """Memory that grows with every retry."""

    def resource(wildcards, attempt):
        return mem_mb * attempt

    return resource


try:
    take_short_form(config, [DEFAULT_SETTINGS, *workflow.configfiles])
    config.update(check_config(config, load_schema(schema("config"))))
    require_writable([*config["pathvars"].values(), ".snakemake"])
    config["comparison"]["cited"] = shipped(config["comparison"]["cited"])
    check_named_files(config)
    SHEETS = {name: load_schema(path) for name, path in SHEET_SCHEMAS.items()}
    PLANNED = read_sheets(config, SHEETS, look=LOOK)
except TomocalcError as error:
    raise WorkflowError(str(error)) from None

VOLUMES, PREDICTED, MASKS = PLANNED.volumes, PLANNED.predicted, PLANNED.masks


include: "volumes.smk"
include: "protocols.smk"
include: "new_volumes.smk"
include: "pages.smk"


wildcard_constraints:
    volume="[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
    worker=r"\d+",
    protocol="honest|paper|own",
    network="|".join(IMAGE_KEYS),
