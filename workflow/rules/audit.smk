"""What leaks, why, and what it is worth."""


rule audit_leakage:
    """Audit every protocol, and the user's own split, for what the test part shares."""
    input:
        unpack(PLAN.protocols.compared_scores),
        candidates="<results>/dataset/candidates.parquet",
        search=LEARNED.account,
        detectors=PLAN.detector_files("json"),
        splits=expand(
            "<results>/protocols/{protocol}/splits.parquet", protocol=PROTOCOLS
        ),
    output:
        facts="<results>/audit/leakage.json",
        shared=report(
            "<results>/audit/shared.tsv",
            caption="../report/shared.rst",
            category="Leakage audit",
            labels={"what": "rows on both sides"},
        ),
        page=report(
            "<results>/audit/leakage.html",
            caption="../report/audit.rst",
            category="Leakage audit",
            labels={"what": "page"},
        ),
    log:
        "<logs>/audit_leakage.log",
    conda:
        "../../envs/comparison.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("audit_leakage.py"),
        words=WORDS,
        protocols=PROTOCOLS,
        features=config["features"],
        source=VOLUMES.told_source,
        settings=config["evaluation"],
        permutations=config["audit"]["permutations"],
        seed=config["seed"],
    script:
        "../scripts/audit_leakage.py"
