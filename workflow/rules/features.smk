"""From slices to candidates with features."""

BATCHES = batches(VOLUMES, volumes_per_job())


rule extract_features:
    """Find and measure the candidates of one volume, one shard per slice."""
    input:
        files=volume_files,
    output:
        manifest=ensure("<results>/features/{volume}/manifest.json", non_empty=True),
        overlay=report(
            "<results>/qc/{volume}.png",
            caption="../report/overlay.rst",
            category="Quality control",
            labels={"volume": "{volume}"},
        ),
    log:
        "<logs>/extract_features/{volume}.log",
    wildcard_constraints:
        volume=in_no_batch(BATCHES),
    conda:
        "../../envs/features.yaml"
    threads: 1
    resources:
        mem_mb=growing(1000),
        runtime=60,
        volumes_per_job=0,  # 0: by their number; profiles set it, see extract_batch
    params:
        code=digest_of("extract_features.py"),
        volume=volume_row,
        source=volume_source,
        image=config["image"],
        candidates=config["candidates"],
        sequence_slices=config["sequence"]["slices"],
        in_silico=config["source"] == "phantom",
    script:
        "../scripts/extract_features.py"


for BATCH, MEMBERS in BATCHES.items():

    rule:
        """Measure a stable batch of volumes in one job; it goes before extract_features."""
        name:
            f"extract_batch_{BATCH}"
        input:
            files=of_members(MEMBERS, volume_files),
        output:
            manifests=[
                ensure(f"<results>/features/{volume}/manifest.json", non_empty=True)
                for volume in MEMBERS
            ],
            overlays=[
                report(
                    f"<results>/qc/{volume}.png",
                    caption="../report/overlay.rst",
                    category="Quality control",
                    labels={"volume": volume},
                )
                for volume in MEMBERS
            ],
        log:
            f"<logs>/extract_batch/{BATCH}.log",
        conda:
            "../../envs/features.yaml"
        threads: 1
        resources:
            mem_mb=growing(1000),
            runtime=60 + 10 * len(MEMBERS),
        params:
            code=digest_of("extract_batch.py"),
            volumes=of_members(MEMBERS, volume_row),
            sources=of_members(MEMBERS, volume_source),
            image=config["image"],
            candidates=config["candidates"],
            sequence_slices=config["sequence"]["slices"],
            in_silico=config["source"] == "phantom",
        script:
            "../scripts/extract_batch.py"


rule list_volumes:
    """List the measured volumes: what follows depends on this one file, not on one per volume."""
    input:
        manifests=every("<results>/features/{volume}/manifest.json", VOLUMES),
    output:
        volumes=report(
            "<results>/features/volumes.tsv",
            caption="../report/volumes.rst",
            category="Quality control",
            labels={"volume": "all, with counts"},
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
    """Measure how many annotated findings the candidates cover, and how many by chance."""
    input:
        volumes="<results>/features/volumes.tsv",
        annotations=annotation_sheet(),
        masks=MASKS,
        annotations_schema=schema("annotations"),
        truth="<resources>/phantom/truth.tsv" if config["source"] == "phantom" else [],
    output:
        detection="<results>/qc/detection.json",
    log:
        "<logs>/measure_detection.log",
    conda:
        "../../envs/features.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=30,
    params:
        code=code_of("measure_detection.py"),
        labels=config["labels"],
        data_root=config["volumes"]["data_root"],
    script:
        "../scripts/measure_detection.py"
