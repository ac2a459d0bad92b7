"""What is known of the volumes and the table: rows, files, batches, annotations."""

import re
from types import SimpleNamespace

from tomocalc.batches import batches, usual_size
from tomocalc.planning import is_address
from tomocalc.readers.sources import source_names

VOLUME_COLUMNS = tuple(SHEETS["volumes"]["properties"])


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
        return source_names(source)
    return [source]


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


def volumes_per_job():
    """Volumes that one job of the feature stage measures, on average: as a profile says, or usual."""
    chosen = workflow.resource_settings.overwrite_resources.get("extract_features", {})
    if "volumes_per_job" in chosen and chosen["volumes_per_job"].value:
        return chosen["volumes_per_job"].value
    return usual_size(len(VOLUMES), folders=not of_one_file())


def of_one_file():
    """Whether the volumes are a file each, as the first of them is."""
    if config["source"] == "phantom":
        return config["phantom"]["format"] != "png"
    return any(os.path.isfile(row["path"]) for row in list(VOLUMES.values())[:1])


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


def table_file():
    """The feature table: the user's own file, or the fetched one."""
    path = config["table"]["path"]
    if is_address(path):
        return f"<resources>/tables/{path.rsplit('/', 1)[1]}"
    return path


def annotation_sheet():
    """Sheet of annotations of the source."""
    if config["source"] == "phantom":
        return "<resources>/phantom/annotations.tsv"
    return config["volumes"]["annotations"]


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
        "volumes": "<results>/features/volumes.tsv",
        "annotations": annotation_sheet(),
        "masks": MASKS,
    }
