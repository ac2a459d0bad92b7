"""What the model is worth on data it has never seen."""


rule evaluate_lstm:
    """Score every candidate, and report figures with intervals on the test part."""
    input:
        unpack(VOLUMES.evaluation_inputs),
        candidates="<results>/dataset/candidates.parquet",
        splits=f"{OWN}/splits.parquet",
        weights="<results>/model/model.safetensors",
        card="<results>/model/model.json",
        annotations_schema=schema("annotations"),
    output:
        predictions="<results>/evaluation/predictions.parquet",
        clusters="<results>/evaluation/clusters.parquet",
        volumes="<results>/evaluation/volumes.parquet",
        patients="<results>/evaluation/patients.parquet",
        metrics="<results>/evaluation/metrics.json",
        page=report(
            "<results>/evaluation/report.html",
            caption="../report/evaluation.rst",
            category="Evaluation",
            labels={"what": "the released model"},
        ),
    log:
        "<logs>/evaluate_lstm.log",
    benchmark:
        "<logs>/benchmarks/evaluate_lstm.tsv"
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("evaluate_lstm.py"),
        words=WORDS,
        subgroups=VOLUMES.subgroups,
        columns=section("table", "header", "subgroups"),
        source=config["source"],
        data_root=config["volumes"]["data_root"],
        protocol=config["protocol"],
        settings=config["evaluation"],
        split=config["split"],
        seed=config["seed"],
    script:
        "../scripts/evaluate_lstm.py"
