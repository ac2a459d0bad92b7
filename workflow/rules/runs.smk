"""Finished runs beside each other, on request."""


rule compare_runs:
    """Set finished runs side by side: snakemake compare_runs --config runs='[results, other]'."""
    input:
        files=PAGES.runs_to_compare,
    output:
        figures="<results>/runs/runs.json",
        page=report(
            "<results>/runs/runs.html",
            caption="../report/runs.rst",
            category="Experiments",
            labels={"what": "runs side by side"},
        ),
    log:
        "<logs>/compare_runs.log",
    conda:
        "../../envs/evaluation.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("compare_runs.py"),
        words=WORDS,
        folders=config["runs"],
        names=config["runs"],
        evaluation=config["evaluation"],
    script:
        "../scripts/compare_runs.py"
