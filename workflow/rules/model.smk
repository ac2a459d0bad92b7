"""The final model."""


rule train_lstm:
    """Train the stacked LSTM with the selected hyper-parameters."""
    input:
        candidates="<results>/dataset/candidates.parquet",
        splits="<results>/dataset/splits.parquet",
        best="<results>/tuning/best.json",
        quality="<results>/dataset/quality.json",
    output:
        weights="<results>/model/model.safetensors",
        card="<results>/model/model.json",
        history="<results>/model/history.parquet",
    log:
        "<logs>/train_lstm/train_lstm.log",
    benchmark:
        "<logs>/benchmarks/train_lstm.tsv"
    conda:
        "../../envs/model.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=720,
    params:
        code=code_of("train_lstm.py"),
        features=config["features"],
        sequence=config["sequence"],
        model=config["model"],
        impute=config["dataset"]["impute"],
        threshold=config["evaluation"]["threshold"],
        protocol=config["protocol"],
        seed=config["seed"],
        checkpoint=in_logs("train_lstm/checkpoint.pt"),
    script:
        "../scripts/train_lstm.py"


rule export_onnx:
    """Write the model for other runtimes; on request: snakemake results/model/model.onnx."""
    input:
        weights="<results>/model/model.safetensors",
        card="<results>/model/model.json",
    output:
        graph="<results>/model/model.onnx",
    log:
        "<logs>/export_onnx.log",
    conda:
        "../../envs/onnx.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=10,
    params:
        code=code_of("export_onnx.py"),
    script:
        "../scripts/export_onnx.py"
