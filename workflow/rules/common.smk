"""Functions that the rules share; no rules here."""

import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace

from snakemake.exceptions import WorkflowError

WORKFLOW = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parent
SCRIPTS = WORKFLOW / "scripts"
sys.path.insert(0, str(SCRIPTS))

from tomocalc.batches import batches
from tomocalc.comparison.catalogue import IMAGE_KEYS
from tomocalc.config import check_config, load_schema
from tomocalc.errors import TomocalcError, raise_all
from tomocalc.files import require_writable
from tomocalc.pages.catalogue import ON_REQUEST
from tomocalc.library import library_digest
from tomocalc.phantom.cohort import phantom_volumes
from tomocalc.prediction.sites import is_simulated
from tomocalc.readers.sources import source_files
from tomocalc.sheets import read_annotations, read_volumes

VOLUME_COLUMNS = tuple(
    load_schema(WORKFLOW / "schemas" / "volumes.schema.yaml")["properties"]
)


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


def code_of(script):
    """Digest of the source files of a script, so that editing one of them reruns it."""

    def digest(_):
        return library_digest(SCRIPTS / script)

    return digest


def volume_rows():
    """One row per volume by its id, from the sheet or the phantom's plan."""
    if config["source"] == "table":
        check_table()
        return {}
    if config["source"] == "phantom":
        rows = phantom_volumes(config["phantom"], config["seed"])
    else:
        section = config["volumes"]
        rows = read_volumes(
            section["sheet"],
            load_schema(schema("volumes")),
            data_root=section["data_root"],
        )
    return {row["volume_id"]: row for row in rows}


def mask_files():
    """Masks that the sheet of annotations names; reads it, so that its mistakes come first."""
    if config["source"] != "volumes":
        return []
    section = config["volumes"]
    masks = set()
    for others in (False, True):
        rows = read_annotations(
            section["annotations"],
            load_schema(schema("annotations")),
            list(VOLUMES.values()),
            others=others,
            data_root=section["data_root"],
        )
        masks |= {row["mask"] for row in rows if row["mask"]}
    return sorted(masks)


def volume_row(wildcards):
    """What is known of one volume before its images are read."""
    row = VOLUMES[wildcards.volume] | phantom_spacing()
    return {column: row.get(column) for column in VOLUME_COLUMNS if column != "path"}


def phantom_spacing():
    """Spacing of the in-silico volumes, which PNG slices do not carry."""
    spacing = ("pixel_spacing_mm", "slice_spacing_mm")
    return {
        key: config["phantom"][key] for key in spacing if config["source"] == "phantom"
    }


def phantom_row(wildcards):
    """One line of the phantom's plan."""
    return dict(VOLUMES[wildcards.volume])


def volume_source(wildcards):
    """File, folder or pattern of one volume."""
    if config["source"] == "volumes":
        return VOLUMES[wildcards.volume]["path"]
    resources = config["pathvars"]["resources"]
    if config["phantom"]["format"] == "png":
        return f"{resources}/phantom/png/{wildcards.volume}"
    return f"{resources}/phantom/{wildcards.volume}.dcm"


def volume_files(wildcards):
    """Files of one volume."""
    source = volume_source(wildcards)
    if config["source"] == "volumes":
        return list(map(str, source_files(source)))
    return [source]


def volumes_per_job():
    """Volumes that one job of the feature stage measures, on average; profiles set it."""
    chosen = workflow.resource_settings.overwrite_resources.get("extract_features", {})
    return chosen["volumes_per_job"].value if "volumes_per_job" in chosen else 1


def in_no_batch(found):
    """Pattern of the volumes that are a job each: Snakemake then weighs no second way for others."""
    if not found:
        return "[A-Za-z0-9][A-Za-z0-9._-]{0,99}"
    alone = set(VOLUMES).difference(*found.values())
    return "|".join(map(re.escape, sorted(alone))) or "no volume is alone"


def of_members(members, function):
    """What *function* says of each volume of a batch, in one list, asked when the job is."""

    def gathered(_):
        found = []
        for name in members:
            value = function(SimpleNamespace(volume=name))
            found += value if isinstance(value, list) else [value]
        return found

    return gathered


def every_volume():
    """Wildcards of every volume, as rules of one volume have them."""
    if config["source"] == "table":
        raise WorkflowError(
            "image models read image volumes, and the source is a table"
        )
    return [SimpleNamespace(volume=name) for name in VOLUMES]


def all_volume_files(_):
    """Files of every volume."""
    return [path for volume in every_volume() for path in volume_files(volume)]


def all_volume_rows(_):
    """What is known of every volume before its images are read."""
    return [volume_row(volume) for volume in every_volume()]


def all_volume_sources(_):
    """File, folder or pattern of every volume."""
    return [volume_source(volume) for volume in every_volume()]


def dataset_inputs(_):
    """What the data set is merged from: shards and annotations, or a finished table."""
    if config["source"] == "table":
        return {"table": table_file()}
    return image_inputs(_) | {"quarantine": "<results>/qc/quarantine.tsv"}


def image_inputs(_):
    """Where the candidates lie and what there is to find; a table has neither."""
    if config["source"] == "table":
        return {}
    return {
        "manifests": expand(
            "<results>/features/{volume}/manifest.json", volume=VOLUMES
        ),
        "annotations": annotation_sheet(),
        "masks": MASKS,
    }


def case_tables():
    """Tables of clusters, volumes and patients; of a table of features they are empty."""
    if config["source"] == "table":
        return []
    return expand(
        "<results>/evaluation/{table}.parquet",
        table=["clusters", "volumes", "patients"],
    )


def annotation_sheet():
    """Sheet of annotations of the source."""
    if config["source"] == "phantom":
        return "<resources>/phantom/annotations.tsv"
    return config["volumes"]["annotations"]


def fetched(path):
    """Whether a table is fetched from an address."""
    return path.startswith(("http://", "https://"))


def check_table():
    """Say before any job that the table is not there."""
    path = config["table"]["path"]
    if not fetched(path) and not Path(path).is_file():
        raise TomocalcError(
            "E104",
            what="the table is missing",
            where="configuration key table.path",
            why=f"`{path}` is not a file",
            fix="correct the path",
        )


def check_sheets():
    """Say before any job that a split file or a sheet of cited figures is not there."""
    paths = {
        "audit.splits": config["audit"]["splits"],
        "comparison.cited": config["comparison"]["cited"],
    }
    raise_all(
        [
            TomocalcError(
                "E104",
                what="a file that the configuration names is missing",
                where=f"configuration key {key}",
                why=f"`{path}` is not a file",
                fix="correct the path",
            )
            for key, path in paths.items()
            if path and not Path(path).is_file()
        ]
    )


def import_folder(name):
    """The folder of a data set to import, or in its place what to do."""

    def folder(_):
        return config["import"][name] or f"pass --config import='{{{name}: FOLDER}}'"

    return folder


def mini_mias_truth(_):
    """The file that comes with the images of mini-MIAS."""
    return f"{import_folder('mini_mias')(_)}/Info.txt"


def table_file():
    """The feature table: the user's own file, or the fetched one."""
    path = config["table"]["path"]
    if fetched(path):
        return f"<resources>/tables/{path.rsplit('/', 1)[1]}"
    return path


def section(name, *keys):
    """Some values of a section, so that a change of the others reruns nothing."""
    return {key: config[name][key] for key in keys}


def protocols():
    """Protocols that are compared and audited, the run's own first."""
    own = config["protocol"]
    user = ["own"] if config["audit"]["splits"] else []
    return [own, "paper" if own == "honest" else "honest", *user]


def by_protocol(own, other):
    """One path per protocol: *own* for the run's own, *other* with {protocol} for the rest."""
    return [
        own if name == config["protocol"] else other.replace("{protocol}", name)
        for name in protocols()
    ]


def protocol_splits(wildcards):
    """Splits of one protocol; the run's own are made already."""
    paths = by_protocol(
        "<results>/dataset/splits.parquet",
        "<results>/comparison/{protocol}/splits.parquet",
    )
    return paths[protocols().index(wildcards.protocol)]


def own_split(wildcards):
    """The user's split file, for the protocol that reads it."""
    return config["audit"]["splits"] if wildcards.protocol == "own" else []


def index_inputs(_):
    """What only image volumes have: detection quality and overlays."""
    if config["source"] == "table":
        return {}
    return {
        "detection": "<results>/qc/detection.json",
        "quarantine": "<results>/qc/quarantine.tsv",
        "overlays": expand("<results>/qc/{volume}.png", volume=VOLUMES),
    }


def pages_on_request(_):
    """Pages made on request that are there: the index links to them and does not remake them."""
    folder = Path(config["pathvars"]["results"])
    paths = [folder / request.address for request in ON_REQUEST]
    return [str(path) for path in paths if path.is_file()]


def reproduction():
    """The page on the reference paper, where a run follows it."""
    follows = config["source"] == "table" and config["protocol"] == "paper"
    return ["<results>/reproduction.html"] if follows else []


def short_form(config):
    """Take `--config model=FOLDER volumes=SHEET` for `predict: {model: FOLDER, volumes: SHEET}`.

    Both names are sections of the configuration too, which such a text has replaced: they are
    read again from the files.
    """
    files = [WORKFLOW.parent / "config" / "config.yaml", *workflow.configfiles]
    for name in ("model", "volumes"):
        if isinstance(config[name], str):
            config["predict"] = {**config["predict"], name: config[name]}
            config[name] = {}
            for file in files:
                section = load_schema(file).get(name)
                config[name].update(section if isinstance(section, dict) else {})


def predicted_rows():
    """Volumes to predict, by id: those of their own sheet, or this run's."""
    sheet = config["predict"]["volumes"]
    if sheet is None:
        return VOLUMES
    rows = read_volumes(
        sheet,
        load_schema(schema("volumes")),
        data_root=config["volumes"]["data_root"],
    )
    return {row["volume_id"]: row for row in rows}


def model_file(name):
    """A file of the model to predict with: this run's, or one from elsewhere.

    The path of one from elsewhere is absolute, so that no rule of this run makes it anew.
    """
    folder = config["predict"]["model"]
    if folder is None:
        return f"<results>/model/{name}"
    return os.path.join(os.path.abspath(folder), name)


def new_volume_row(wildcards):
    """What the sheet of volumes to predict says of one of them."""
    row = PREDICTED[wildcards.volume]
    return {column: row.get(column) for column in VOLUME_COLUMNS if column != "path"}


def new_volume_source(wildcards):
    """File, folder or pattern of a volume to predict."""
    return PREDICTED[wildcards.volume]["path"]


def new_volume_files(wildcards):
    """Files of a volume to predict."""
    return list(map(str, source_files(new_volume_source(wildcards))))


def new_volume_in_silico(wildcards):
    """Whether the sheet says that a volume to predict is simulated."""
    return is_simulated(PREDICTED[wildcards.volume].get("site"))


def from_elsewhere():
    """Whether the volumes to predict have a sheet of their own."""
    return config["predict"]["volumes"] is not None


def prediction_inputs(_):
    """Features of a volume to predict, and the model."""
    model = {
        "weights": model_file("model.safetensors"),
        "card": model_file("model.json"),
    }
    if not from_elsewhere():
        return {"manifest": "<results>/features/{volume}/manifest.json", **model}
    features = "<results>/predictions/{volume}/features"
    return {
        "manifest": f"{features}/manifest.json",
        "looks": f"{features}/looks.parquet",
        "overlay": prediction_overlay(),
        **model,
    }


def prediction_overlay():
    """Picture of a volume to predict."""
    if from_elsewhere():
        return "<results>/predictions/{volume}/overlay.png"
    return "<results>/qc/{volume}.png"


def prediction_files(wildcards):
    """Files of a volume to predict, wherever it is from."""
    chosen = new_volume_files if from_elsewhere() else volume_files
    return chosen(wildcards)


def prediction_source(wildcards):
    """File, folder or pattern of a volume to predict, wherever it is from."""
    chosen = new_volume_source if from_elsewhere() else volume_source
    return chosen(wildcards)


def prediction_row(wildcards):
    """Row of a volume to predict, wherever it is from."""
    return new_volume_row(wildcards) if from_elsewhere() else volume_row(wildcards)


def prediction_in_silico(wildcards):
    """Whether a volume to predict is known to be simulated; None: as its site says."""
    return True if not from_elsewhere() and config["source"] == "phantom" else None


def dicom_outputs():
    """DICOM objects of a predicted volume, unless they are not wanted."""
    if config["predict"]["identifiers"] == "none":
        return {}
    return {
        "report": "<results>/predictions/{volume}/report.dcm",
        "segmentation": "<results>/predictions/{volume}/segmentation.dcm",
    }


def run_files(_):
    """Files of the runs to compare; absolute, so that no rule of this run makes them anew."""
    if not config["runs"]:
        return ["pass --config runs='[results, results/paper]'"]
    names = (
        "evaluation/metrics.json",
        "evaluation/predictions.parquet",
        "model/model.json",
        "dataset/quality.json",
    )
    return [
        os.path.join(os.path.abspath(folder), name)
        for folder in config["runs"]
        for name in names
    ]


def site_pages(_):
    """Pages that are there; absolute, so that none of them is made anew."""
    folder = Path(config["pathvars"]["results"]).absolute()
    return sorted(
        str(path) for path in folder.rglob("*.html") if path != folder / "site.html"
    )


def in_logs(path):
    """Path of what outlives a job but is no result; Snakemake resolves no path among params."""
    return f"{config['pathvars']['logs']}/{path}"


def growing(mem_mb):
    """Memory that grows with every retry."""

    def resource(wildcards, attempt):
        return mem_mb * attempt

    return resource


try:
    short_form(config)
    config.update(check_config(config, load_schema(schema("config"))))
    require_writable([*config["pathvars"].values(), ".snakemake"])
    config["comparison"]["cited"] = shipped(config["comparison"]["cited"])
    check_sheets()
    VOLUMES = volume_rows()
    MASKS = mask_files()
    PREDICTED = predicted_rows()
except TomocalcError as error:
    raise WorkflowError(str(error)) from None


wildcard_constraints:
    volume="[A-Za-z0-9][A-Za-z0-9._-]{0,99}",
    worker=r"\d+",
    protocol="honest|paper|own",
    network="|".join(IMAGE_KEYS),
