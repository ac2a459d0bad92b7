"""Networks on image patches beside the other models; opt-in, for volumes only."""


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
    """Train one network on the patches of one protocol."""
    input:
        splits="<results>/protocols/{protocol}/splits.parquet",
        patches="<results>/comparison/patches.parquet",
    output:
        scores="<results>/protocols/{protocol}/{network}.parquet",
        account="<results>/protocols/{protocol}/{network}.json",
        times="<logs>/times/{protocol}_{network}.tsv",
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
