"""What pages link to, and the folders that are given on request."""

from tomocalc.adapters.listing import listing_digest
from tomocalc.pages.catalogue import ON_REQUEST
from tomocalc.planning import runs_to_compare


def case_tables():
    """Tables of clusters, volumes and patients; of a table of features they are empty."""
    if config["source"] == "table":
        return []
    return expand(
        "<results>/evaluation/{table}.parquet",
        table=["clusters", "volumes", "patients"],
    )


def index_inputs(_):
    """What only image volumes have: detection quality, and lists of volumes and bad slices."""
    if config["source"] == "table":
        return {}
    return {
        "detection": "<results>/qc/detection.json",
        "quarantine": "<results>/qc/quarantine.tsv",
        "volumes": "<results>/features/volumes.tsv",
    }


def pages_on_request(_):
    """Pages made on request that are there: the index links to them and does not remake them."""
    folder = Path(config["pathvars"]["results"])
    paths = [folder / request.address for request in ON_REQUEST]
    return [str(path) for path in paths if path.is_file()]


def pages_to_open():
    """Lines that say which pages a finished run leads to."""
    folder = Path(config["pathvars"]["results"])
    pages = (folder / "index.html", folder / "predictions" / "index.html")
    return [f"Open {page.absolute()}" for page in pages if page.is_file()]


def reproduction():
    """The page on the reference paper, where a run follows it."""
    follows = config["source"] == "table" and config["protocol"] == "paper"
    return ["<results>/reproduction.html"] if follows else []


def run_files(_):
    """Files of the runs to compare."""
    return runs_to_compare(config)


def site_pages(_):
    """Pages that are there; absolute, so that none of them is made anew."""
    folder = Path(config["pathvars"]["results"]).absolute()
    return sorted(
        str(path) for path in folder.rglob("*.html") if path != folder / "site.html"
    )


def import_folder(name):
    """The folder of a data set to import, or in its place what to do."""

    def folder(_):
        return config["import"][name] or f"pass --config import='{{{name}: FOLDER}}'"

    return folder


def import_listing(name):
    """Digest of what lies in a folder to import, so that a new file in it is taken in."""

    def listing(_):
        return listing_digest(config["import"][name] or "")

    return listing


def mini_mias_truth(_):
    """The file that comes with the images of mini-MIAS."""
    return f"{import_folder('mini_mias')(_)}/Info.txt"
