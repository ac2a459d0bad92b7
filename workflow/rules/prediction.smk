"""From a released model to volumes that it has never seen.

`snakemake predict` scores this run's own volumes with this run's model. A model and volumes
from elsewhere: --config predict='{model: FOLDER, volumes: SHEET}', or model=FOLDER volumes=SHEET.
"""


use rule extract_features as extract_new_volume with:
    input:
        files=new_volume_files,
    output:
        manifest=ensure(
            "<results>/predictions/{volume}/features/manifest.json", non_empty=True
        ),
        looks="<results>/predictions/{volume}/features/looks.parquet",
        overlay=report(
            "<results>/predictions/{volume}/overlay.png",
            caption="../report/overlay.rst",
            category="Predictions",
            labels={"volume": "{volume}", "what": "picture"},
        ),
    log:
        "<logs>/extract_new_volume/{volume}.log",
    benchmark:
        "<logs>/benchmarks/extract_new_volume/{volume}.tsv"
    wildcard_constraints:
        volume=in_no_batch({}),
    params:
        code=code_of("extract_features.py"),
        volume=new_volume_row,
        source=new_volume_source,
        image=config["image"],
        candidates=config["candidates"],
        sequence_slices=config["sequence"]["slices"],
        in_silico=new_volume_in_silico,


rule predict:
    """Score every volume of a sheet with a released model."""
    input:
        "<results>/predictions/index.html",


rule predict_volume:
    """Score the candidates of one volume with a released model; marks, DICOM objects, page."""
    input:
        unpack(prediction_inputs),
        files=prediction_files,
    output:
        **dicom_outputs(),
        marks_sheet=report(
            "<results>/predictions/{volume}/marks.tsv",
            caption="../report/marks.rst",
            category="Predictions",
            labels={"volume": "{volume}", "what": "marks"},
        ),
        marks_table="<results>/predictions/{volume}/marks.parquet",
        clusters=report(
            "<results>/predictions/{volume}/clusters.tsv",
            caption="../report/clusters.rst",
            category="Predictions",
            labels={"volume": "{volume}", "what": "clusters"},
        ),
        scores="<results>/predictions/{volume}/scores.json",
        page=report(
            "<results>/predictions/{volume}/volume.html",
            caption="../report/volume.rst",
            category="Predictions",
            labels={"volume": "{volume}", "what": "page"},
        ),
    log:
        "<logs>/predict_volume/{volume}.log",
    benchmark:
        "<logs>/benchmarks/predict_volume/{volume}.tsv"
    conda:
        "../../envs/prediction.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=60,
    params:
        code=code_of("predict_volume.py"),
        volume=prediction_row,
        source=prediction_source,
        image=config["image"],
        rule=config["evaluation"]["cluster"],
        settings=config["predict"],
        simulated=prediction_in_silico,
    script:
        "../scripts/predict_volume.py"


rule gather_predictions:
    """Gather the scores of all predicted volumes into one page and two sheets."""
    input:
        scores=every("<results>/predictions/{volume}/scores.json", PREDICTED),
        marks=every("<results>/predictions/{volume}/marks.parquet", PREDICTED),
        pages=every("<results>/predictions/{volume}/volume.html", PREDICTED),
        overlays=every(prediction_overlay(), PREDICTED),
        weights=model_file("model.safetensors"),
        card=model_file("model.json"),
    output:
        volumes=report(
            "<results>/predictions/volumes.tsv",
            caption="../report/scores.rst",
            category="Predictions",
            labels={"volume": "all", "what": "scores of volumes"},
        ),
        patients=report(
            "<results>/predictions/patients.tsv",
            caption="../report/scores.rst",
            category="Predictions",
            labels={"volume": "all", "what": "scores of patients"},
        ),
        page=report(
            "<results>/predictions/index.html",
            caption="../report/predictions.rst",
            category="Predictions",
            labels={"volume": "all", "what": "page"},
        ),
    log:
        "<logs>/gather_predictions.log",
    conda:
        "../../envs/prediction.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("gather_predictions.py"),
        own=config["predict"]["volumes"] is None,
    script:
        "../scripts/gather_predictions.py"
