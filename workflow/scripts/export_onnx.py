"""Write the released model as an ONNX file, for runtimes without PyTorch."""

from tomocalc.files import write_bytes
from tomocalc.log import log_to
from tomocalc.model.onnx_graph import onnx_model
from tomocalc.model.release import load_model


def main(*, weights: str, graph: str) -> None:
    """Read the model *weights* (its card lies beside) and write *graph*."""
    built = onnx_model(load_model(weights))
    write_bytes(graph, built.SerializeToString(deterministic=True))


if __name__ == "__main__":
    log_to(snakemake.log[0])
    main(weights=snakemake.input.weights, graph=snakemake.output.graph)
