"""From a released model to volumes that it has never seen.

`snakemake predict` scores this run's own volumes with this run's model. A model and volumes
from elsewhere: --config predict='{model: FOLDER, volumes: SHEET}', or model=FOLDER volumes=SHEET.
"""

# Features and picture of a volume from elsewhere; previews and shards lie beside them.
MEASURED_HERE = (
    {
        "manifest": ensure(
            "<results>/predictions/{volume}/features/manifest.json", non_empty=True
        ),
        "overlay": report(
            "<results>/predictions/{volume}/overlay.png",
            caption="../report/overlay.rst",
            category="Predictions",
            labels={"volume": "{volume}", "what": "picture"},
        ),
    }
    if PREDICTION.from_elsewhere
    else {}
)


rule predict_volume:
    """Score the candidates of one volume with a released model; marks, DICOM objects, page.

    A volume from elsewhere is measured first, in the same process.
    """
    input:
        unpack(PREDICTION.inputs),
    output:
        **PREDICTION.dicom_outputs,
        **MEASURED_HERE,
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
    conda:
        "../../envs/prediction.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=60,
    params:
        code=code_of("predict_volume.py", PREDICTION.inputs),
        volume=PREDICTION.volume,
        manifest=PREDICTION.manifest,
        image=config["image"],
        measuring=PREDICTION.measuring,
        rule=config["evaluation"]["cluster"],
        settings=section("predict", "identifiers", "spacing_tolerance"),
        simulated=True if PREDICTION.of_the_phantom else None,
    script:
        "../scripts/predict_volume.py"


rule predict:
    """Score every volume of a sheet with a released model: one page and two sheets of all."""
    input:
        scores=every("<results>/predictions/{volume}/scores.json", PREDICTION.rows),
        marks=every("<results>/predictions/{volume}/marks.parquet", PREDICTION.rows),
        pages=every("<results>/predictions/{volume}/volume.html", PREDICTION.rows),
        weights=PREDICTION.model_file("model.safetensors"),
        card=PREDICTION.model_file("model.json"),
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
        "<logs>/predict.log",
    conda:
        "../../envs/prediction.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("predict.py"),
        overlays=PREDICTION.overlays,
        own=not PREDICTION.from_elsewhere,
    script:
        "../scripts/predict.py"


rule validate_external:
    """Measure what a released model is worth on labelled data of another site.

    What an earlier validation left stays where this one fails.
    """
    input:
        unpack(PREDICTION.labelled_inputs),
    output:
        predictions=update("<results>/external/predictions.parquet"),
        metrics=update("<results>/external/external.json"),
        page=update(
            report(
                "<results>/external/external.html",
                caption="../report/external.rst",
                category="Predictions",
                labels={"volume": "all", "what": "validation elsewhere"},
            )
        ),
    log:
        "<logs>/validate_external.log",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=60,
    params:
        code=code_of("validate_external.py", PREDICTION.labelled_inputs),
        columns=config["table"],
        labels=config["labels"],
        dataset=config["dataset"],
        image=section("image", "doubts", "allowed_doubts"),
        settings=config["evaluation"],
        spacing_tolerance=config["predict"]["spacing_tolerance"],
        seed=config["seed"],
        data_root=config["volumes"]["data_root"],
        words=WORDS,
        subgroups=PREDICTION.subgroups,
    script:
        "../scripts/validate_external.py"
