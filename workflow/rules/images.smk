"""Networks on image patches beside the other models; opt-in, for volumes only."""


rule cut_patches:
    """Cut an image patch at every candidate's place."""
    input:
        files=all_volume_files,
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
        volumes=all_volume_rows,
        sources=all_volume_sources,
        image=config["image"],
        side=config["comparison"]["patch_px"],
    script:
        "../scripts/cut_patches.py"


rule fit_image_model:
    """Train one network on the patches of one protocol."""
    input:
        splits=protocol_splits,
        patches="<results>/comparison/patches.parquet",
    output:
        scores="<results>/comparison/{protocol}/{network}.parquet",
        account="<results>/comparison/{protocol}/{network}.json",
        times="<logs>/comparison/{protocol}_{network}_times.tsv",
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
        seed=config["seed"],
    script:
        "../scripts/fit_image_model.py"


rule compare_image_models:
    """The comparison with the image models in it."""
    input:
        unpack(scored_protocols),
        image_scores=expand(
            "<results>/comparison/{protocol}/{network}.parquet",
            protocol=PROTOCOLS,
            network=list(IMAGE_KEYS),
        ),
        image_accounts=expand(
            "<results>/comparison/{protocol}/{network}.json",
            protocol=PROTOCOLS,
            network=list(IMAGE_KEYS),
        ),
        best="<results>/tuning/best.json",
        cited=config["comparison"]["cited"],
    output:
        table="<results>/comparison/image_models.parquet",
        page=report(
            "<results>/comparison/image_models.html",
            caption="../report/image_models.rst",
            category="Comparison",
        ),
    log:
        "<logs>/compare_image_models.log",
    conda:
        "../../envs/comparison.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("compare_image_models.py"),
        protocols=PROTOCOLS,
        networks=list(IMAGE_KEYS),
        source=config["source"],
        settings=config["evaluation"],
        seed=config["seed"],
    script:
        "../scripts/compare_image_models.py"
