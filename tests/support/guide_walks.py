"""Every command of README and guide, by the test that runs it.

The key is the name of the test. Its value has the commands as the pages have them, in an order
that makes sense; beside each, where it cannot be run alone, the command that is run: {} stands for
what is written. FOLDER and SHEET are names that the tests give to files.
"""

from support.guide_pages import Walk

STUDY = "snakemake --cores all --configfile my_study.yaml"
PAPER = "snakemake --cores all --configfile config/paper.yaml"
GENERIC = "snakemake --profile profiles/generic"
SEND = "tomocalc send results/predictions --to ARCHIVE@HOST:PORT"
MALIGNANCY = "snakemake --cores all --configfile config/malignancy.yaml"
PUBLISHED = ("bcs_dbt", "cbis_ddsm", "inbreast", "victre", "mini_mias")
POLARS = 'python -c "import polars as pl; '
OTHERS = "snakemake predict --cores all --config model=OTHER_FOLDER volumes=SHEET"


def import_of(name: str) -> str:
    """Return the command that imports a data set."""
    target = f"resources/{name}/volumes.tsv"
    return f"snakemake --cores 1 {target} --config import='{{{name}: FOLDER}}'"


AT_ONCE: dict[str, Walk] = {
    "test_another_scheduler_gets_jobs_with_memory_and_time": {GENERIC: ""},
    "test_a_pod_runs_the_whole_workflow": {"kubectl apply -f profiles/kubernetes/job.yaml": ""},
    "test_objects_reach_an_archive": {SEND: ""},
    "test_own_volumes_reach_an_evaluation": {
        "snakemake --configfile my_study.yaml -n": "",
        "snakemake --configfile my_study.yaml -- export_insertions": "snakemake"
        " --configfile my_study.yaml --config insertion='{enabled: true}' -n -- export_insertions",
        STUDY: "",
        "--configfile my_study.yaml": "snakemake --cores all {}",
        "tail -f logs/my_study/train_lstm/honest.log": "timeout 1 {} || [ $? = 124 ]",
        "snakemake predict --cores all --configfile my_study.yaml"
        " --config model=results/my_study/model volumes=new.csv": "cp my_volumes.csv new.csv; {}",
        "tomocalc predict my_data/A-LCC --model results/my_study/model"
        " --pixel-spacing-mm 0.1 --slice-spacing-mm 1.0 --laterality L --out marks": "",
    },
    "test_what_takes_seconds_runs_to_its_end": {
        "snakemake -n": "",
        "snakemake --unlock": "",
        "snakemake --cores 1 results/batches/P001-LCC.json": "",
        "snakemake --cores all results/eda/eda.html": "",
        "snakemake --cores 1 results/index.html": "",
        "snakemake results/experiments/ablation_sequence.html": "",
        "snakemake predict --cores all --config model=results/model volumes=new.tsv": "",
        "snakemake compare_runs --config runs='[results, results/paper]'": "",
        "tomocalc audit my.csv --label malignant --patient patient --out audit": "",
        f"{POLARS}pl.read_parquet('results/dataset/candidates.parquet').filter('focus')"
        """.write_parquet('cases.parquet')\"""": "",
        f"{POLARS}print(pl.read_csv('my_candidates.csv', null_values=['NA', '#N/A', '.', ' '])"
        """.select(pl.selectors.numeric()).columns)\"""": "cp my.csv my_candidates.csv; {}",
        "tomocalc audit cases.parquet results/protocols/honest/splits.parquet"
        " --label label --patient patient_id --site site --features area_mm2 contrast"
        " contrast_to_noise eccentricity skin_distance --out candidates_audit": "",
        "tomocalc audit-images train_images test_images --out image_audit": "",
        "tomocalc predict breast.dcm --model results/model --out marks": "",
        "snakemake --cores 1 results/evaluation/sealed.json"
        " --config evaluation='{seal: my_study.seal}'": "",
        "tomocalc seal my_study.seal": "",
        "tomocalc plan results/my_study/evaluation/predictions.parquet --half-width 0.05"
        " --share 0.5": "mkdir -p results/my_study; mv pilot results/my_study/evaluation; {}",
        "tomocalc plan --help": "",
        "tomocalc demo": "",
        "tomocalc seal my.seal my.csv --label malignant --patient patient"
        " --open my_scores.csv": "touch my_scores.csv; {}",
        "snakemake --report report.zip": "",
        "--forcerun <rule>": "snakemake --cores all --forcerun build_index",
        "rm results/features/P001-LCC/0003.parquet": "",
        "snakemake --cores 1 --force results/batches/P001-LCC.json": "",
    },
    "test_a_recipe_works_as_it_is_written": dict.fromkeys(
        (
            "git apply my.patch",
            "python -m pytest -q tests/unit/test_image_features.py",
            "python -c \"import numpy; numpy.save('slice.npy', numpy.eye(64, dtype='uint16'))\"",
            'PYTHONPATH=workflow/scripts python -c "from tomocalc import open_volume;'
            " print(open_volume('slice.npy', pixel_spacing_mm=0.1).read(0).sum())\"",
            "python -m pytest -q tests/unit/test_comparison_models.py",
            "python -m pytest -q tests/scripts/test_show_history.py",
        ),
        "",
    ),
}
"""In the default run of the suite."""

CAMPAIGN: dict[str, Walk] = {
    "test_from_a_clone_to_the_demo": {
        "git clone ADDRESS tomocalc; cd tomocalc": "ln -s . ADDRESS; {}; rm -rf $PWD ../ADDRESS",
        "make demo": "",
        "source .venv/bin/activate": "{}; snakemake --version",
        "pip install snakemake-logger-plugin-rich": "",
        "--logger rich": "snakemake --cores all {}",
        "pip install snakemake-executor-plugin-slurm": "",
        "pip install snakemake-executor-plugin-cluster-generic": "",
        "pip install torchvision==0.28.0": "",
        "make .venv/ready-for-tests": "",
        "make docs": "",
        "make pictures": "",
        "pip install timm": "",
        "pip install .": "{} --dry-run",
        "pip install '.[predict]'": "{} --dry-run",
        "pip install jupyterlab": "",
        "jupyter lab docs/notebook.ipynb": "{} --version",
        "make test": "PYTEST_ADDOPTS=tests/unit/test_version.py {}",
    },
    "test_the_papers_reproduction_and_its_leak": {
        "snakemake --cores all": "",
        PAPER: "",
        f"{PAPER} --config protocol=honest"
        " pathvars='{results: results/paper_honest, logs: logs/paper_honest}'": "",
        "snakemake compare_runs --config runs='[results, results/paper]'": "",
        "--config table='{path: mammography.csv}'": f"{PAPER} {{}}",
    },
    "test_the_figures_of_the_repeated_folds": {
        "python benchmarks/coverage.py": "{} 3",
        "python benchmarks/leaks.py 1 --clean 10": "{} --clean 1",
        "python benchmarks/subgroups.py": "{} 1",
        "python benchmarks/woods.py honest --first-seed 103 --repeats 2"
        " --trials 1": "{} --repeats 1",
    },
    "test_a_sweep_and_what_inputs_are_worth": {
        'for k in 3.5 4.5 5.5; do snakemake --cores all --config candidates="{threshold_k: $k}"'
        ' pathvars="{results: results/k$k, logs: logs/k$k}"; done': "",
        "snakemake compare_runs --config runs='[results/k3.5, results/k4.5, results/k5.5]'": "",
        "snakemake results/experiments/ablation_features.html": "",
        "snakemake results/experiments/ablation_slices.html": "",
        "snakemake results/comparison/detectors.html"
        " --config detectors='[faster_rcnn, retinanet, unet, blob_dog, hdogreg]'": "snakemake"
        " --cores all results/comparison/detectors.html --config detectors='[blob_dog, unet]'",
    },
    "test_reruns_to_their_end": {
        "snakemake --cores all --forcerun split_dataset": "",
        "--set-threads extract_features=4 --config volumes_per_job=1": ("snakemake --cores all {}"),
        "snakemake --cores all --config protocol=paper"
        " pathvars='{results: results/leaking, logs: logs/leaking}'": "",
    },
    "test_new_volumes_are_scored": {
        "snakemake predict --cores all --config model=FOLDER volumes=SHEET": "",
        "--config predict='{model: FOLDER, volumes: SHEET}'": "snakemake predict --cores all {}",
        "snakemake validate_external --cores all"
        " --config predict='{model: FOLDER, volumes: SHEET, annotations: ANNOTATIONS}'": "",
        "snakemake validate_external --cores all --config"
        " predict='{model: results/model, volumes: SHEET, annotations: ANNOTATIONS}'": "",
        f"{OTHERS} pathvars='{{results: results/other_model, logs: logs/other_model}}'": "",
    },
    "test_published_sets_from_their_folders": {
        **{import_of(name): f"ln -sfn {name} FOLDER; {{}}" for name in PUBLISHED},
        "snakemake --cores all --configfile config/mini_mias.yaml": "",
    },
    "test_benign_or_malignant_of_simulated_clusters": {MALIGNANCY: ""},
    "test_a_tree_of_dicom_files": {
        import_of("dicom_folder"): "",
        "snakemake --cores all --config source=volumes"
        " volumes='{sheet: resources/dicom_folder/volumes.tsv,"
        " annotations: my_points.tsv}'"
        " pathvars='{results: results/my_study, logs: logs/my_study}'": "",
    },
    "test_an_environment_per_rule": {
        "CONDA_OVERRIDE_CUDA=12.9 snakemake --cores 1 --use-conda --conda-create-envs-only": "",
        "snakemake --cores all --use-conda": "",
    },
    "test_the_guides_commands_on_slurm": {
        "snakemake --profile profiles/slurm -n --quiet rules": "",
        "snakemake --profile profiles/slurm": "",
        "snakemake --profile profiles/slurm --default-resources slurm_partition=short"
        " slurm_account=lab mem_mb=1000 runtime=60": "rm results/eda/eda.html; {}",
    },
    "test_a_table_and_a_split_of_their_own": {STUDY: ""},
}
"""With `-m campaign`."""
