"""A released model as an ONNX graph that reads features in their own units.

The graph is built node by node: scaling, stacked LSTMs and the mean of the members' probabilities
are a handful of standard operators, the file needs no tracing and comes out the same every time.
Scaling is done in float64, as in `tomocalc.model.preprocessing`.

Inputs: ``x`` float32 (batch, step, feature), valid steps first, and ``steps`` int64 (batch,), how
many of them are valid. Output: ``probability`` float32 (batch,).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from tomocalc.errors import TomocalcError
from tomocalc.model.preprocessing import Preprocessing
from tomocalc.model.release import ReleasedModel

OPSET, IR = 17, 8
"""Of 2022, so that older runtimes read the file."""
GATES = (0, 3, 1, 2)
"""ONNX orders the gates input, output, forget, cell; PyTorch input, forget, cell, output."""


def onnx_model(model: ReleasedModel) -> ModelProto:
    """Return the graph of *model*, with its features, sequence and threshold as metadata.

    Raises
    ------
    TomocalcError
        ``E404`` when the model fills missing values, which the graph does not.
    """
    if model.preprocessing.imputation is not None:
        raise TomocalcError(
            "E404",
            what="the model cannot be exported to ONNX",
            where="model.json, preprocessing.imputation",
            why="the graph does not fill missing values",
            fix="train with `dataset.impute: none`",
        )
    nodes = Nodes()
    scaled = _scaled(nodes, model.preprocessing, flat="x")
    logits = [
        _member(nodes, model.network.tensors, number, scaled)
        for number in range(model.card["shape"]["members"])
    ]
    stacked = nodes.add("Concat", logits, axis=1)  # (batch, member)
    wide = nodes.add("Cast", [stacked], to=TensorProto.DOUBLE)
    mean = nodes.add("ReduceMean", [nodes.add("Sigmoid", [wide])], axes=[1], keepdims=0)
    nodes.add("Cast", [mean], to=TensorProto.FLOAT, output="probability")
    width = model.card["shape"]["inputs"]
    graph = helper.make_graph(
        nodes.nodes,
        "tomocalc",
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", "step", width]),
            helper.make_tensor_value_info("steps", TensorProto.INT64, ["batch"]),
        ],
        [helper.make_tensor_value_info("probability", TensorProto.FLOAT, ["batch"])],
        initializer=nodes.constants,
    )
    built = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="tomocalc"
    )
    built.ir_version = IR
    facts = {
        "features": model.features,
        "sequence": model.card["sequence"],
        "threshold": model.threshold,
        "weights_sha256": model.card["weights_sha256"],
    }
    helper.set_model_props(built, {key: json.dumps(value) for key, value in facts.items()})
    checker.check_model(built, full_check=True)
    return built


class Nodes:
    """Nodes and constants of a graph under construction, named in order."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, kind: str, inputs: list[str], *, output: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its first output."""
        name = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, value: NDArray[Any]) -> str:
        """Add a constant and return its name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name


def _scaled(nodes: Nodes, scaling: Preprocessing, *, flat: str) -> str:
    """Add the scaling of every feature; return the scaled steps, float32 (step, batch, feature).

    A curve through knots is the sum over its intervals of slope times the clipped way into the
    interval.
    """
    features = len(scaling.knots)
    shape = nodes.add("Shape", ["x"])
    wide = nodes.add("Cast", [flat], to=TensorProto.DOUBLE)
    rows = nodes.add("Reshape", [wide, nodes.constant(np.array([-1, features]))])
    if scaling.scaler == "standard":
        mean, end = np.array(scaling.knots).T
        centred = nodes.add("Sub", [rows, nodes.constant(mean)])
        curve = nodes.add("Div", [centred, nodes.constant(end - mean)])
    else:
        curve = _interpolated(nodes, scaling, rows)
    narrow = nodes.add("Cast", [curve], to=TensorProto.FLOAT)
    back = nodes.add("Reshape", [narrow, shape])
    return nodes.add("Transpose", [back], perm=[1, 0, 2])


def _interpolated(nodes: Nodes, scaling: Preprocessing, rows: str) -> str:
    most = max(map(len, scaling.knots))
    knots = np.array([_padded(values, most) for values in scaling.knots])  # (feature, knot)
    levels = np.array([_padded(values, most) for values in scaling.levels])
    width = np.diff(knots)
    slope = np.divide(np.diff(levels), width, out=np.zeros_like(width), where=width > 0)
    column = nodes.add("Unsqueeze", [rows, nodes.constant(np.array([2]))])  # (row, feature, 1)
    way = nodes.add("Sub", [column, nodes.constant(knots[:, :-1])])
    way = nodes.add("Max", [way, nodes.constant(np.array(0.0))])
    way = nodes.add("Min", [way, nodes.constant(width)])  # (row, feature, interval)
    rise = nodes.add("Mul", [way, nodes.constant(slope)])
    total = nodes.add("ReduceSum", [rise, nodes.constant(np.array([2]))], keepdims=0)
    return nodes.add("Add", [total, nodes.constant(levels[:, 0])])


def _padded(values: tuple[float, ...], length: int) -> list[float]:
    return [*values, *[values[-1]] * (length - len(values))]


def _member(nodes: Nodes, state: Mapping[str, NDArray[np.float32]], number: int, x: str) -> str:
    """Add one network on the scaled steps (step, batch, feature); return its logits (batch, 1)."""
    layers = sum(f"members.{number}.layers." in key and "weight_hh" in key for key in state)
    for layer in range(layers):
        prefix = f"members.{number}.layers.{layer}"
        weights = [
            nodes.constant(_gates(state[f"{prefix}.{kind}_l0"]))
            for kind in ("weight_ih", "weight_hh")
        ]
        bias = np.concatenate(
            [_gates(state[f"{prefix}.{kind}_l0"]) for kind in ("bias_ih", "bias_hh")], axis=1
        )
        units = state[f"{prefix}.weight_hh_l0"].shape[1]
        found = nodes.add("LSTM", [x, *weights, nodes.constant(bias)], hidden_size=units)
        x = nodes.add("Squeeze", [found, nodes.constant(np.array([1]))])  # (step, batch, unit)
    rows = nodes.add("Transpose", [x], perm=[1, 0, 2])
    last = nodes.add("Sub", ["steps", nodes.constant(np.array(1))])
    last = nodes.add("Unsqueeze", [last, nodes.constant(np.array([1]))])  # (batch, 1)
    end = nodes.add("GatherND", [rows, last], batch_dims=1)  # (batch, unit)
    head = f"members.{number}.head"
    return nodes.add(
        "Gemm",
        [end, nodes.constant(state[f"{head}.weight"]), nodes.constant(state[f"{head}.bias"])],
        transB=1,
    )


def _gates(values: NDArray[Any]) -> NDArray[Any]:
    """Return weights (4 units, …) or a bias (4 units,) in the order of ONNX, one direction."""
    return np.concatenate([np.split(values, 4)[gate] for gate in GATES])[np.newaxis]
