"""Volumes to predict, and the model that scores them."""

from tomocalc.prediction.sites import is_simulated


def model_file(name):
    """A file of the model to predict with: this run's, or one from elsewhere.

    The path of one from elsewhere is absolute, so that no rule of this run makes it anew.
    """
    folder = config["predict"]["model"]
    if folder is None:
        return f"<results>/model/{name}"
    return os.path.join(os.path.abspath(folder), name)


def from_elsewhere():
    """Whether the volumes to predict have a sheet of their own."""
    return config["predict"]["volumes"] is not None


def new_volume_row(wildcards):
    """What the sheet of volumes to predict says of one of them."""
    row = PREDICTED[wildcards.volume]
    return {column: row.get(column) for column in VOLUME_COLUMNS if column != "path"}


def new_volume_source(wildcards):
    """File, folder or pattern of a volume to predict."""
    return PREDICTED[wildcards.volume]["path"]


def new_volume_files(wildcards):
    """Files of a volume to predict."""
    return source_names(new_volume_source(wildcards))


def new_volume_in_silico(wildcards):
    """Whether the sheet says that a volume to predict is simulated."""
    return is_simulated(PREDICTED[wildcards.volume].get("site"))


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
    """Files of a volume to predict that are read again: for pictures, or for identifiers."""
    if from_elsewhere() and config["predict"]["identifiers"] != "source":
        return []
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
