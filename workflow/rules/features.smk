"""From slices to candidates with features."""


rule train_search:
    """Learn what a calcification looks like from spots put into slices of training patients.

    `all` learns from all of them; `fold0`, … each know nothing of the patients that they search.
    """
    input:
        files=LEARNED.files_of,
    output:
        weights="<results>/search/{search}/search.safetensors",
        account="<results>/search/{search}/search.json",
    log:
        "<logs>/train_search/{search}.log",
    benchmark:
        "<logs>/benchmarks/train_search/{search}.tsv"
    conda:
        "../../envs/search.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=120,
    params:
        **section("search", "slices", "passes", "epochs"),
        code=code_of("train_search.py"),
        volumes=LEARNED.volumes_of,
        image=config["image"],
        candidates=config["candidates"],
        sequence_slices=config["sequence"]["slices"],
        seed=config["seed"],
    script:
        "../scripts/train_search.py"


rule extract_features:
    """Find and measure the candidates of a batch of volumes, one shard per slice.

    One volume alone: snakemake results/batches/VOLUME.json.
    """
    input:
        files=VOLUMES.batch_files,
        insertions=VOLUMES.batch_insertions,
        search=LEARNED.of_batch,
    output:
        account=ensure("<results>/batches/{batch}.json", non_empty=True),
    log:
        "<logs>/extract_features/{batch}.log",
    conda:
        "../../envs/features.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=VOLUMES.batch_minutes,
    params:
        code=code_of("extract_features.py"),
        volumes=VOLUMES.batch_volumes,
        folder=in_results("features"),
        image=config["image"],
        candidates=config["candidates"],
        sequence_slices=measured_slices(config),
        searches=LEARNED.by_volume,
        in_silico=VOLUMES.in_silico,
    script:
        "../scripts/extract_features.py"


rule list_volumes:
    """List the measured volumes and the slices in quarantine.

    What follows depends on these lists, not on a file per volume; the slices in quarantine are
    named even if the merge refuses them.
    """
    input:
        batches=VOLUMES.batch_accounts,
    output:
        volumes=report(
            "<results>/features/volumes.tsv",
            caption="../report/volumes.rst",
            category="Quality control",
            labels={"volume": "all, with counts"},
        ),
        quarantine=report(
            "<results>/qc/quarantine.tsv",
            caption="../report/quarantine.rst",
            category="Quality control",
            labels={"volume": "all"},
        ),
    log:
        "<logs>/list_volumes.log",
    localrule: True
    conda:
        "../../envs/dataset.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=code_of("list_volumes.py"),
    script:
        "../scripts/list_volumes.py"


rule measure_detection:
    """Measure how many annotated findings the candidates cover, and draw both on the volumes."""
    input:
        volumes="<results>/features/volumes.tsv",
        annotations=VOLUMES.annotations,
        masks=VOLUMES.masks,
        truth=VOLUMES.truth,
    output:
        detection="<results>/qc/detection.json",
        pictures=report(
            directory("<results>/qc/pictures"),
            patterns=["{volume}.png"],
            caption="../report/overlay.rst",
            category="Quality control",
            labels={"volume": "{volume}"},
        ),
    log:
        "<logs>/measure_detection.log",
    conda:
        "../../envs/features.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("measure_detection.py", VOLUMES.image_inputs),
        labels=config["labels"],
        in_silico=VOLUMES.in_silico,
        data_root=config["volumes"]["data_root"],
    script:
        "../scripts/measure_detection.py"
