"""Volumes to predict, and the model that scores them."""


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


def of_the_phantom():
    """Whether the volumes to predict are known to be simulated; of others their site tells."""
    return not from_elsewhere() and config["source"] == "phantom"


def prediction_row(wildcards):
    """What the sheet says of a volume to predict, wherever it is from."""
    if not from_elsewhere():
        return volume_row(wildcards)
    row = PREDICTED[wildcards.volume]
    return {column: row.get(column) for column in VOLUME_COLUMNS if column != "path"}


def prediction_source(wildcards):
    """File, folder or pattern of a volume to predict, wherever it is from."""
    if not from_elsewhere():
        return volume_source(wildcards)
    return PREDICTED[wildcards.volume]["path"]


def prediction_files(wildcards):
    """Files of a volume to predict, wherever it is from."""
    if not from_elsewhere():
        return volume_files(wildcards)
    return source_names(prediction_source(wildcards))


def prediction_inputs(_):
    """The model, and the features of a volume of this run."""
    model = {
        "weights": model_file("model.safetensors"),
        "card": model_file("model.json"),
    }
    if from_elsewhere():
        return model
    return {"manifest": "<results>/features/{volume}/manifest.json", **model}


def measuring():
    """How a volume from elsewhere is measured; those of this run have been."""
    if not from_elsewhere():
        return None
    return {
        "candidates": config["candidates"],
        "sequence_slices": config["sequence"]["slices"],
    }


def measured_outputs():
    """Features and picture of a volume from elsewhere; looks and shards lie beside them."""
    if not from_elsewhere():
        return {}
    folder = "<results>/predictions/{volume}"
    picture = report(
        prediction_overlay(),
        caption="../report/overlay.rst",
        category="Predictions",
        labels={"volume": "{volume}", "what": "picture"},
    )
    manifest = ensure(f"{folder}/features/manifest.json", non_empty=True)
    return {"manifest": manifest, "overlay": picture}


def prediction_overlay():
    """Picture of a volume to predict."""
    if from_elsewhere():
        return "<results>/predictions/{volume}/overlay.png"
    return "<results>/qc/{volume}.png"


def dicom_outputs():
    """DICOM objects of a predicted volume, unless they are not wanted."""
    if config["predict"]["identifiers"] == "none":
        return {}
    return {
        "report": "<results>/predictions/{volume}/report.dcm",
        "segmentation": "<results>/predictions/{volume}/segmentation.dcm",
    }
