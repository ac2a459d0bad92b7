"""What the model is worth on data it has never seen."""


rule seal_test_part:
    """Freeze the test part, before anything is trained: snakemake results/evaluation/sealed.json.

    Where `evaluation.seal` names a file, every evaluation and comparison asks for it.
    """
    input:
        unpack(VOLUMES.image_inputs),
        candidates="<results>/dataset/candidates.parquet",
        splits=f"{OWN}/splits.parquet",
    output:
        part="<results>/evaluation/sealed.json",
    log:
        "<logs>/seal_test_part.log",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=code_of("seal_test_part.py", VOLUMES.image_inputs),
        data_root=config["volumes"]["data_root"],
        seal=config["evaluation"]["seal"],
        split=config["split"],
        seed=config["seed"],
    script:
        "../scripts/seal_test_part.py"


rule evaluate_lstm:
    """Score every candidate, and report figures with intervals on the test part."""
    input:
        unpack(VOLUMES.evaluation_inputs),
        unpack(PAGES.sealed),
        candidates="<results>/dataset/candidates.parquet",
        splits=f"{OWN}/splits.parquet",
        weights="<results>/model/model.safetensors",
        card="<results>/model/model.json",
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
        code=code_of("evaluate_lstm.py", VOLUMES.evaluation_inputs),
        words=WORDS,
        subgroups=VOLUMES.subgroups,
        columns=section("table", "header", "subgroups"),
        source=VOLUMES.told_source,
        data_root=config["volumes"]["data_root"],
        protocol=config["protocol"],
        settings=config["evaluation"],
        split=config["split"],
        seed=config["seed"],
    script:
        "../scripts/evaluate_lstm.py"
