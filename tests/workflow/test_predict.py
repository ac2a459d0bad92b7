"""From a finished run to new volumes, to the side-by-side of runs, through Snakemake itself."""

import shutil

import polars as pl

from support.projects import TINY_VOLUMES, Project, links_work

TINY = ("--configfile", "tiny.yaml")


def test_volumes_of_another_seed_are_scored_with_the_model(rerun: Project):
    other = "pathvars={resources: other, results: results/other, logs: logs/other}"
    two = "phantom={patients: 1, calcified_fraction: 1.0, format: png}"
    rerun.snakemake("write_phantom_sheets", *TINY, "--config", "seed=2", two, other)
    sheet = rerun.folder / "other/phantom/volumes.tsv"
    sheet.write_text(sheet.read_text().replace("\tR\t", "\t\t"))  # of one nobody says the side
    arguments = (*TINY, "--config", "model=results/model", "volumes=other/phantom/volumes.tsv")
    assert rerun.planned("predict", *arguments) == {"predict_volume": 2, "predict": 1}
    rerun.snakemake("predict", *arguments)
    folder = rerun.folder / "results/predictions"
    assert links_work(folder) == 3
    names = {path.name for path in (folder / "P001-LCC").iterdir()}
    assert {
        "report.dcm",
        "segmentation.dcm",
        "presentation.dcm",
        "cad.dcm",
        "marks.tsv",
        "overlay.png",
        "volume.html",
    } <= names
    volumes = pl.read_csv(folder / "volumes.tsv", separator="\t")
    assert volumes["score"].is_between(0, 1).all()
    assert not volumes["cautions"].cast(pl.String).str.contains("in_silico").any()
    for path in folder.rglob("*"):
        if path.is_file():
            assert str(rerun.folder).encode() not in path.read_bytes(), path.name
    again = rerun.snakemake("predict", "--dry-run", *arguments)
    assert "Nothing to be done" in again.stdout + again.stderr
    # the folder can be put anywhere
    shutil.copytree(folder, rerun.folder / "share")
    assert links_work(rerun.folder / "share") == 3


def test_the_runs_own_volumes_are_scored_from_their_features(rerun: Project):
    assert rerun.planned("predict", *TINY) == {"predict_volume": TINY_VOLUMES, "predict": 1}


def test_a_model_that_does_not_fit_stops_with_its_reason(rerun: Project):
    sheet = rerun.folder / "resources/phantom/volumes.tsv"
    (rerun.folder / "one.tsv").write_text("\n".join(sheet.read_text().splitlines()[:2]) + "\n")
    arguments = ("model=results/model", "volumes=one.tsv", "candidates={threshold_k: 3.0}")
    run = rerun.snakemake("predict", *TINY, "--config", *arguments, ok=False)
    output = run.stdout + run.stderr
    assert output.count("ERROR [E602]") == 1
    assert "snakemake --cores 2 predict" in output.splitlines()[-2]
    assert "threshold_k is 3.0, the model's 4.5" in output
    assert not (rerun.folder / "results/predictions/P001-LCC/marks.tsv").exists()


def test_runs_are_set_side_by_side(rerun: Project):
    shutil.copytree(rerun.folder / "results", rerun.folder / "elsewhere")
    rerun.snakemake("compare_runs", *TINY, "--config", "runs=[results, elsewhere]")
    page = (rerun.folder / "results/runs/runs.html").read_text()
    assert "Every setting that the results record is the same" in page
    assert ">other test rows<" not in page
    assert links_work(rerun.folder / "results/runs") == 1


def test_features_and_slices_are_left_out_on_request(rerun: Project):
    few = ("features=[contrast, area_mm2]", "sequence={slices: 3}")
    targets = [f"results/experiments/ablation_{what}.html" for what in ("features", "slices")]
    rerun.snakemake(*targets, *TINY, "--config", *few)
    assert "without contrast" in (rerun.folder / targets[0]).read_text()
    assert "1 slice" in (rerun.folder / targets[1]).read_text()


def test_a_missing_model_or_list_of_runs_says_what_to_do(rerun: Project):
    run = rerun.snakemake("compare_runs", *TINY, ok=False)
    assert "pass --config runs=" in run.stdout + run.stderr


def test_a_release_is_validated_on_labelled_volumes_and_the_card_says_so(rerun: Project):
    other = "pathvars={resources: other, results: results/other, logs: logs/other}"
    some = "phantom={patients: 3, calcified_fraction: 0.5}"
    rerun.snakemake("write_phantom_sheets", *TINY, "--config", "seed=2", some, other)
    sheet = rerun.folder / "other/phantom/volumes.tsv"
    sheet.write_text(sheet.read_text().replace("\tP00", "\tX00"))  # patients of their own
    sheets = "volumes: other/phantom/volumes.tsv, annotations: other/phantom/annotations.tsv"
    model = {path: path.read_bytes() for path in (rerun.folder / "results/model").iterdir()}
    rerun.snakemake("validate_external", *TINY, "--config", f"predict={{{sheets}}}")
    assert {path: path.read_bytes() for path in (rerun.folder / "results/model").iterdir()} == model
    folder = rerun.folder / "results/external"
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert len(before) == 3
    # a failed run leaves them: one finding, where nothing is
    bad = "volume_id\tslice\tx\ty\tradius\tkind\nP001-LCC\t0\t1\t1\t1\tcalcification\n"
    (rerun.folder / "bad.tsv").write_text(bad)
    wrong = sheets.replace("other/phantom/annotations.tsv", "bad.tsv")
    run = rerun.snakemake("validate_external", *TINY, "--config", f"predict={{{wrong}}}", ok=False)
    assert "ERROR [E303] no annotation has a candidate (bad.tsv)" in run.stdout + run.stderr
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    rerun.snakemake(*TINY)
    card = (rerun.folder / "results/model_card.md").read_text()
    assert "The released model, unchanged, on" in card
    assert "external/external.html" in (rerun.folder / "results/index.html").read_text()
    said = rerun.snakemake("validate_external", *TINY, ok=False)
    assert "it is not clear what to validate the model on" in said.stdout + said.stderr
