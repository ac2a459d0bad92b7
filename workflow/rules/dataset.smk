"""From shards or a table to a labelled, split data set."""


rule merge_dataset:
    """Merge all candidates, join their labels and account for their quality."""
    input:
        unpack(VOLUMES.dataset_inputs),
    output:
        candidates="<results>/dataset/candidates.parquet",
        quality="<results>/dataset/quality.json",
        croissant="<results>/dataset/croissant.json",
    log:
        "<logs>/merge_dataset.log",
    benchmark:
        "<logs>/benchmarks/merge_dataset.tsv"
    conda:
        "../../envs/dataset.yaml"
    resources:
        mem_mb=growing(2000 + len(VOLUMES.rows) // 20),  # see benchmarks/merging.md
        runtime=60,
    params:
        code=code_of("merge_dataset.py", VOLUMES.dataset_inputs),
        source=VOLUMES.told_source,
        columns={
            key: value for key, value in config["table"].items() if key != "subgroups"
        },
        features=config["features"],
        labels=config["labels"],
        clusters=CLUSTERS,
        data_root=config["volumes"]["data_root"],
        dataset=config["dataset"],
        image=section("image", "doubts", "allowed_doubts"),
    script:
        "../scripts/merge_dataset.py"


rule split_dataset:
    """Split the candidates by one protocol, or by your own file, and count what the parts share."""
    input:
        unpack(PLAN.protocols.split_inputs),
    output:
        splits="<results>/protocols/{protocol}/splits.parquet",
        account="<results>/protocols/{protocol}/split.json",
    log:
        "<logs>/split_dataset/{protocol}.log",
    conda:
        "../../envs/dataset.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("split_dataset.py", PLAN.protocols.split_inputs),
        features=config["features"],
        duplicates=config["dataset"]["duplicates"],
        settings=config["split"],
        columns=section("table", "header", "patient_id"),
        parts=LEARNED.parts_of,
        seed=config["seed"],
    script:
        "../scripts/split_dataset.py"
