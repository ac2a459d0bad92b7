"""In-silico volumes: the data of the demo."""


rule simulate_volume:
    """Simulate, acquire and reconstruct one in-silico breast volume."""
    output:
        image=(
            "<resources>/phantom/{volume}.dcm"
            if config["phantom"]["format"] == "dicom"
            else directory("<resources>/phantom/png/{volume}")
        ),
        annotations="<resources>/phantom/{volume}.annotations.tsv",
        truth="<resources>/phantom/{volume}.truth.tsv",
    log:
        "<logs>/simulate_volume/{volume}.log",
    conda:
        "../../envs/phantom.yaml"
    resources:
        mem_mb=growing(1500),
        runtime=10,
    params:
        code=code_of("simulate_volume.py"),
        row=VOLUMES.phantom_row,
        settings=config["phantom"],
        seed=config["seed"],
    script:
        "../scripts/simulate_volume.py"


rule write_phantom_sheets:
    """Gather the in-silico cohort into the sheets that a user would write."""
    input:
        annotations=every("<resources>/phantom/{volume}.annotations.tsv", VOLUMES.rows),
        truth=every("<resources>/phantom/{volume}.truth.tsv", VOLUMES.rows),
    output:
        volumes_sheet="<resources>/phantom/volumes.tsv",
        annotations_sheet="<resources>/phantom/annotations.tsv",
        truth_sheet="<resources>/phantom/truth.tsv",
    log:
        "<logs>/write_phantom_sheets.log",
    localrule: True
    conda:
        "../../envs/phantom.yaml"
    resources:
        mem_mb=growing(500),
        runtime=5,
    params:
        code=code_of("write_phantom_sheets.py"),
        rows=VOLUMES.phantom_rows,
        format=config["phantom"]["format"],
    script:
        "../scripts/write_phantom_sheets.py"
