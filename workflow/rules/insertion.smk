"""Calcifications put into the user's own volumes; only where the configuration asks for them."""


rule insert_findings:
    """Choose what is put into the volumes of a batch, and where; their files stay as they are.

    These jobs come before all others: what cannot work is said before anything is measured.
    """
    input:
        **VOLUMES.own_annotations,
        files=VOLUMES.batch_files,
        masks=VOLUMES.masks,
    output:
        account=ensure("<results>/insertion/{batch}.json", non_empty=True),
    log:
        "<logs>/insert_findings/{batch}.log",
    priority: 10
    conda:
        "../../envs/features.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=VOLUMES.batch_minutes,
    params:
        code=code_of("insert_findings.py", VOLUMES.own_annotations),
        volumes=VOLUMES.batch_volumes,
        calcified=VOLUMES.calcified,
        image=config["image"],
        settings=config["insertion"],
        slice_tolerance=config["labels"]["slice_tolerance"],
        seed=config["seed"],
        data_root=config["volumes"]["data_root"],
    script:
        "../scripts/insert_findings.py"


rule gather_insertions:
    """Write sheets of what is put into the volumes, beside the user's own annotations."""
    input:
        **VOLUMES.own_annotations,
        insertions=VOLUMES.all_insertions,
        masks=VOLUMES.masks,
    output:
        annotations_sheet=report(
            "<results>/insertion/annotations.tsv",
            caption="../report/inserted_annotations.rst",
            category="Data set",
            labels={"what": "annotations with what was put in"},
        ),
        truth_sheet=report(
            "<results>/insertion/truth.tsv",
            caption="../report/insertions.rst",
            category="Data set",
            labels={"what": "what was put into the volumes"},
        ),
    log:
        "<logs>/gather_insertions.log",
    localrule: True
    conda:
        "../../envs/dataset.yaml"
    resources:
        mem_mb=growing(500),
        runtime=10,
    params:
        code=code_of("gather_insertions.py", VOLUMES.own_annotations),
        data_root=config["volumes"]["data_root"],
    script:
        "../scripts/gather_insertions.py"


rule detection_limit:
    """Say which calcifications, of those put into the volumes, the chain finds."""
    input:
        **VOLUMES.own_annotations,
        volumes="<results>/features/volumes.tsv",
        files=VOLUMES.all_files,
        insertions=VOLUMES.all_insertions,
        masks=VOLUMES.masks,
        candidates="<results>/dataset/candidates.parquet",
        predictions="<results>/evaluation/predictions.parquet",
        metrics="<results>/evaluation/metrics.json",
    output:
        account="<results>/insertion/detection_limit.json",
        page=report(
            "<results>/insertion/detection_limit.html",
            caption="../report/detection_limit.rst",
            category="Evaluation",
            labels={"what": "detection limit"},
        ),
    log:
        "<logs>/detection_limit.log",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=60,
    params:
        code=code_of("detection_limit.py", VOLUMES.own_annotations),
        words=WORDS,
        volumes=VOLUMES.all_volumes,
        image=config["image"],
        labels=config["labels"],
        data_root=config["volumes"]["data_root"],
    script:
        "../scripts/detection_limit.py"


rule export_insertions:
    """Write volumes with what is put into them as DICOM, on request: snakemake export_insertions."""
    input:
        **VOLUMES.own_annotations,
        files=VOLUMES.all_files,
        insertions=VOLUMES.all_insertions,
        masks=VOLUMES.masks,
    output:
        folder=directory("<results>/insertion/dicom"),
    log:
        "<logs>/export_insertions.log",
    conda:
        "../../envs/prediction.yaml"
    resources:
        mem_mb=growing(4000),
        runtime=600,
    params:
        code=code_of("export_insertions.py", VOLUMES.own_annotations),
        volumes=VOLUMES.all_volumes,
        image=config["image"],
        data_root=config["volumes"]["data_root"],
    script:
        "../scripts/export_insertions.py"
