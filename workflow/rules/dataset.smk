"""From shards or a table to a labelled, split data set."""


rule merge_dataset:
    """Merge all candidates, join their labels and account for their quality."""
    input:
        unpack(dataset_inputs),
        annotations_schema=schema("annotations"),
        library=library("merge_dataset.py"),
    output:
        candidates="<results>/dataset/candidates.parquet",
        quality="<results>/dataset/quality.json",
    params:
        source=config["source"],
        columns=config["table"],
        features=config["features"],
        labels=config["labels"],
        dataset=config["dataset"],
    log:
        "<logs>/merge_dataset.log",
    benchmark:
        "<logs>/benchmarks/merge_dataset.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
    conda:
        "../../envs/dataset.yaml"
    script:
        "../scripts/merge_dataset.py"


rule split_dataset:
    """Split the candidates by the chosen protocol and audit what the parts share."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        library=library("split_dataset.py"),
    output:
        splits="<results>/dataset/splits.parquet",
        account="<results>/dataset/split.json",
    params:
        features=config["features"],
        protocol=config["protocol"],
        duplicates=config["dataset"]["duplicates"],
        settings=config["split"],
        seed=config["seed"],
    log:
        "<logs>/split_dataset.log",
    resources:
        mem_mb=2000,
        runtime=30,
    conda:
        "../../envs/dataset.yaml"
    script:
        "../scripts/split_dataset.py"
