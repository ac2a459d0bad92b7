"""In-silico volumes: the data of the demo."""


rule simulate_volume:
    """Simulate, acquire and reconstruct one in-silico breast volume."""
    output:
        dicom="<resources>/phantom/{volume}.dcm",
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
        row=phantom_row,
        settings=config["phantom"],
        seed=config["seed"],
    script:
        "../scripts/simulate_volume.py"


rule export_slices:
    """Write the slices of an in-silico volume as 16-bit PNG files."""
    input:
        dicom="<resources>/phantom/{volume}.dcm",
    output:
        folder=directory("<resources>/phantom/png/{volume}"),
    log:
        "<logs>/export_slices/{volume}.log",
    conda:
        "../../envs/phantom.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=10,
    params:
        code=code_of("export_slices.py"),
    script:
        "../scripts/export_slices.py"


rule write_phantom_sheets:
    """Gather the in-silico cohort into the sheets that a user would write."""
    input:
        annotations=every("<resources>/phantom/{volume}.annotations.tsv", VOLUMES),
        truth=every("<resources>/phantom/{volume}.truth.tsv", VOLUMES),
    output:
        volumes="<resources>/phantom/volumes.tsv",
        annotations="<resources>/phantom/annotations.tsv",
        truth="<resources>/phantom/truth.tsv",
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
        rows=[row | phantom_spacing() for row in VOLUMES.values()],
        format=config["phantom"]["format"],
    script:
        "../scripts/write_phantom_sheets.py"
