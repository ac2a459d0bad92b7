"""Settings and sheets, checked, and the plan of the run; no rules."""

import sys
from os.path import relpath
from pathlib import Path


report: "../report/workflow.rst"


WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
SCRIPTS = WORKFLOW / "scripts"
sys.path.insert(0, str(SCRIPTS))

try:
    from tomocalc.comparison.catalogue import NETWORKS
    from tomocalc.config import check_config, load_schema
    from tomocalc.contradictions import check_text
    from tomocalc.comparison.catalogue import TITLES as DETECTORS
    from tomocalc.delimited import DATASETS
    from tomocalc.errors import TomocalcError
    from tomocalc.files import require_writable
    from tomocalc.pages.question import words_of
    from tomocalc.plan.graph import plan_run
    from tomocalc.plan.reading import (
        localise_paths,
        measured_slices,
        no_utf8,
        shipped,
        take_short_form,
    )
    from tomocalc.plan.terminal import hand_down, take_over
    from tomocalc.plan.wildcards import every, growing, known_trials, source_digest
except ModuleNotFoundError as error:
    sys.exit(
        f"ERROR in {sys.prefix}: {error}. It is not this workflow's environment. "
        "Fix: source .venv/bin/activate, which `make demo` has made."
    )

hand_down(SCRIPTS)
DEFAULT_SETTINGS = WORKFLOW.parent / "config" / "config.yaml"
# A job on a cluster reads the rules too, and need not look at every volume again.
LOOK = workflow.is_main_process
OTHER_OUTPUT = ("dryrun", "verbose", "quiet")  # asked for: Snakemake's own then
TERMINAL = take_over(
    main=LOOK and Path(workflow.main_snakefile) == WORKFLOW.parent / "Snakefile",
    shortly=not any(getattr(workflow.output_settings, it) for it in OTHER_OUTPUT),
)
TERMINAL.remedies.targets = lambda: [
    str(target)
    for rule in workflow.rules
    for target in (rule.name, *rule.output)
    if "{" not in str(target)
]


def schema(name):
    """Path of a JSON schema, from the working directory: a mere touch then reruns nothing."""
    return relpath(WORKFLOW / "schemas" / f"{name}.schema.yaml")


def code_of(script, inputs={}):
    """Digest of the sources of a script and of sheets it reads, so that edits rerun it."""
    return source_digest(SCRIPTS / script, inputs)


def section(name, *keys):
    """Some values of a section, so that a change of the others reruns nothing."""
    return {key: config[name][key] for key in keys}


def in_results(path):
    """Path of a result; Snakemake resolves no path among params."""
    return f"{config['pathvars']['results']}/{path}"


def in_logs(path):
    """Path of what outlives a job but is no result, among params."""
    return f"{config['pathvars']['logs']}/{path}"


SHEET_SCHEMAS = {name: schema(name) for name in ("volumes", "annotations")}

try:
    for file in workflow.configfiles:
        check_text(file)
    # Snakemake names those of the command first, though they come last.
    given = [*workflow.configfiles, *workflow.overwrite_configfiles]
    take_short_form(config, [DEFAULT_SETTINGS, *given])
    config.update(check_config(config, load_schema(schema("config"))))
    localise_paths(config)
    workflow.pathvars.update(type(workflow.pathvars).from_config(config))
    require_writable([*config["pathvars"].values(), ".snakemake"])
    config["comparison"]["cited"] = shipped(
        config["comparison"]["cited"], WORKFLOW.parent
    )
    SHEETS = {name: load_schema(path) for name, path in SHEET_SCHEMAS.items()}
    PLAN = plan_run(config, SHEETS, look=LOOK)
except TomocalcError as error:  # these lines alone: no place in the rules is at fault
    sys.exit(str(error))
except UnicodeEncodeError as error:
    sys.exit(str(no_utf8(error)))

VOLUMES, PREDICTION, PAGES = PLAN.volumes, PLAN.prediction, PLAN.pages
LEARNED = PLAN.search
TERMINAL.to_open = PAGES.to_open
PROTOCOLS = PLAN.protocols.names
OWN = PLAN.protocols.run_folder
PAIR = ["paper", "honest"]
WORDS = words_of(config)  # of every page
CLUSTERS = config["clusters"] if config["sequence"]["kind"] == "members" else None
NETWORK = {key: value for key, value in config["model"].items() if key != "release"}


wildcard_constraints:
    volume="[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
    batch=r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\+?",
    dataset="|".join(DATASETS),
    trial="0|[1-9][0-9]*",
    protocol="honest|paper|own",
    network="|".join(NETWORKS),
    search="all|fold[0-9]+",
    detector="|".join(DETECTORS),
