"""Networks beside the other models, most of them on image patches; opt-in."""


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
        sequences=PLAN.protocols.sequences,
        seed=config["seed"],
    script:
        "../scripts/fit_image_model.py"
