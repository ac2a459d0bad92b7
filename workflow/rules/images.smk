"""Networks beside the other models, most of them on image patches, and detectors; opt-in."""


rule cut_patches:
    """Cut an image patch at every candidate's place."""
    input:
        files=VOLUMES.all_files,
        insertions=VOLUMES.all_insertions,
        candidates="<results>/dataset/candidates.parquet",
    output:
        patches="<results>/comparison/patches.parquet",
    log:
        "<logs>/cut_patches.log",
    benchmark:
        "<logs>/benchmarks/cut_patches.tsv"
    conda:
        "../../envs/features.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=240,
    params:
        code=code_of("cut_patches.py"),
        volumes=VOLUMES.all_volumes,
        image=config["image"],
        side=config["comparison"]["patch_px"],
    script:
        "../scripts/cut_patches.py"


rule fit_image_model:
    """Train one network of the comparison on the patches, or sequences, of one protocol."""
    input:
        unpack(PLAN.protocols.network_inputs),
        splits="<results>/protocols/{protocol}/splits.parquet",
    output:
        scores="<results>/protocols/{protocol}/{network}.parquet",
        account="<results>/protocols/{protocol}/{network}.json",
    log:
        "<logs>/fit_image_model/{protocol}_{network}.log",
    benchmark:
        "<logs>/benchmarks/fit_image_model/{protocol}_{network}.tsv"
    conda:
        "../../envs/image_models.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=240,
    params:
        code=code_of("fit_image_model.py"),
        settings=section("comparison", "samples", "epochs"),
        threshold=config["evaluation"]["threshold"],
        sequences=PLAN.protocols.sequences,
        seed=config["seed"],
    script:
        "../scripts/fit_image_model.py"


rule run_detector:
    """Train or tune one detector on training patients, and search the volumes of the test part."""
    input:
        unpack(VOLUMES.image_inputs),
        files=VOLUMES.all_files,
        insertions=VOLUMES.all_insertions,
        splits=f"{OWN}/splits.parquet",
    output:
        marks="<results>/comparison/detectors/{detector}.parquet",
        account="<results>/comparison/detectors/{detector}.json",
    log:
        "<logs>/run_detector/{detector}.log",
    benchmark:
        "<logs>/benchmarks/run_detector/{detector}.tsv"
    conda:
        "../../envs/detectors.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=240,
    params:
        code=code_of("run_detector.py"),
        volumes=VOLUMES.all_volumes,
        image=config["image"],
        split=config["split"],
        slice_tolerance=config["labels"]["slice_tolerance"],
        link_radius_mm=config["candidates"]["link_radius_mm"],
        seed=config["seed"],
        data_root=config["volumes"]["data_root"],
    script:
        "../scripts/run_detector.py"


rule compare_detectors:
    """Set every detector that is asked for beside candidates and model, on one FROC."""
    input:
        unpack(VOLUMES.image_inputs),
        unpack(PLAN.detectors),
        candidates="<results>/dataset/candidates.parquet",
        predictions="<results>/evaluation/predictions.parquet",
        splits=f"{OWN}/splits.parquet",
    output:
        account="<results>/comparison/detectors.json",
        page=report(
            "<results>/comparison/detectors.html",
            caption="../report/detectors.rst",
            category="Comparison",
            labels={"what": "detectors"},
        ),
    log:
        "<logs>/compare_detectors.log",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("compare_detectors.py"),
        words=WORDS,
        source=VOLUMES.told_source,
        split=config["split"],
        labels=config["labels"],
        settings=config["evaluation"],
        seed=config["seed"],
        data_root=config["volumes"]["data_root"],
    script:
        "../scripts/compare_detectors.py"
