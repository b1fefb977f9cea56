"""A model of ours as an ONNX file, which an ONNX runtime in any language can run.

One graph serves all models: the ids of some texts and the state before them go in, the logits of the
next id and the state after them come out. It holds no words and no sampling.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from core import __version__
from core.errors import ModelError
from core.library import layout
from core.library.model import Model, Weights
from core.settings import ModelSettings

if TYPE_CHECKING:
    import onnx

FORMAT = "headlong-onnx/1"
OPSET = 18
"""Of late 2022: the operators have not changed for us since, and older runtimes can still read it."""

LARGEST = (2 << 30) - (2 << 20)
"""Bytes of weights; protobuf ends at 2 GiB, and the graph and its text need a little of that."""

OPERATORS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN"}
GATES = {"lstm": (0, 3, 1, 2), "gru": (0, 1, 2), "rnn": (0,)}
"""Where ONNX's gates stand among Keras's: i o f c among i f c o, z r h, and the one."""

SLOPES = {"hard_sigmoid": 1 / 5, "hard_sigmoid_6": 1 / 6}


def onnx_file(model: Model) -> bytes:
    """Return `model` as the content of an `.onnx` file.

    Inputs: `ids` int64 (rows, steps), `hidden` float32 (layers, rows, hidden) and, for an LSTM, `cell`
    of the same shape. Outputs: `logits` float32 (rows, vocabulary) after the last id, `hidden_next` and
    `cell_next`. What to give a window's network is for the caller to know: N ids, left-padded with 0,
    or those there are, without padding, where it is masked. The file says so itself, see `_usage`.

    Raises:
        ModelError: it is larger than an ONNX file can be.
    """
    size = sum(array.nbytes for array in model.weights.values())
    if size > LARGEST:
        raise ModelError(
            f"{model.name} has {size:,} bytes of weights, and an ONNX file can hold {LARGEST:,}; "
            "export it as .zip"
        )
    from onnx import checker, helper

    # The oldest file version that knows the opset; the newest would shut older runtimes out.
    opsets = [helper.make_opsetid("", OPSET)]
    proto = helper.make_model(
        _graph(model),
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="headlong",
        producer_version=__version__,
        doc_string=_usage(model),
    )
    helper.set_model_props(proto, _properties(model))
    content: bytes = proto.SerializeToString()
    checker.check_model(content, full_check=True)
    return content


# --- what the file says of itself ---------------------------------------------------------------


def _properties(model: Model) -> dict[str, str]:
    """Return what a program needs besides the graph and the words, as ONNX has it: text."""
    shape, words = model.manifest.architecture, model.vocabulary
    facts: dict[str, object] = {
        "format": FORMAT,
        "name": model.name,
        "level": model.manifest.level,
        "cleaning": model.manifest.cleaning,
        "context": shape.context,
        "start": words.start,
        "end": words.end,
        "unknown": words.unknown,
        "never": " ".join(str(id_) for id_ in words.special_ids if id_ != words.end),
    }
    if shape.context == "window":
        facts |= {"window": shape.window, "masked": "yes" if _skips_padding(shape) else "no"}
    return {name: str(fact) for name, fact in facts.items() if fact is not None}


def _skips_padding(shape: ModelSettings) -> bool:
    return shape.masked and not shape.attention  # which averages over the padding too


_PIECES = (
    ", in the order of their ids: spell each word of a text with ▁ before it, join again and again the "
    "two neighbours whose join stands there first, and take what stands not there even alone as the "
    "bytes of its UTF-8, <0x00> to <0xFF>; a piece that begins with ▁ begins a word"
)


def _usage(model: Model) -> str:
    shape, start = model.manifest.architecture, model.vocabulary.start
    begin = "" if start is None else f", beginning with {start} where a text begins"
    spelling = _PIECES if model.level == "bpe" else ""
    again = "Read the window anew, from zeros, for every id."
    if shape.context == "stream":
        given = f"all ids of the texts{begin}"
        again = "To go on, give the next id alone, with hidden_next (and cell_next) as the state."
    elif _skips_padding(shape):
        given = f"the last {shape.window} ids of the texts at most, without padding{begin}"
    else:
        given = f"the last {shape.window} ids of the texts, left-padded with 0{begin}"
    if shape.attention:
        again += " Give it in one call: the answer is an average over all ids of that call."
    return (
        f"Give {given}, and zeros for the state before them; the softmax of the logits is the "
        f"probability of each next id. {again} The ids in the property `never` are no words: choose "
        "none of them; the id `end`, where there is one, ends a text. The words and their ids stand in "
        f"the .words.json file beside this one{spelling}; all texts of a call have the same number of "
        "ids."
    )


# --- the graph ----------------------------------------------------------------------------------


class _Builder:
    """The nodes and the arrays of a graph in the making; values go by their names."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.arrays: list[onnx.TensorProto] = []

    def array(self, name: str, values: np.ndarray[Any, Any]) -> str:
        from onnx import numpy_helper

        self.arrays.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator: str, inputs: list[str], *outputs: str, **attributes: Any) -> str:
        """Add a node and return the name of its first output."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, outputs, **attributes))
        return outputs[0]


def _graph(model: Model) -> "onnx.GraphProto":
    from onnx import TensorProto, helper

    def value(name: str, kind: int, *sizes: str | int) -> "onnx.ValueInfoProto":
        return helper.make_tensor_value_info(name, kind, sizes)

    shape = model.manifest.architecture
    states = ["hidden", "cell"] if shape.cell == "lstm" else ["hidden"]
    state_sizes = (shape.layers, "rows", shape.hidden_size)
    inputs = [value("ids", TensorProto.INT64, "rows", "steps")]
    outputs = [value("logits", TensorProto.FLOAT, "rows", len(model.vocabulary))]
    for state in states:
        inputs.append(value(state, TensorProto.FLOAT, *state_sizes))
        outputs.append(value(f"{state}_next", TensorProto.FLOAT, *state_sizes))
    builder = _Builder()
    _add_network(builder, model.weights, shape, states)
    return helper.make_graph(builder.nodes, "headlong", inputs, outputs, builder.arrays)


def _add_network(builder: _Builder, weights: Weights, shape: ModelSettings, states: list[str]) -> None:
    layers = range(shape.layers)
    builder.array("axis_0", np.array([0]))
    builder.array("axis_1", np.array([1]))
    builder.array("embedding", weights["embedding"])
    # ONNX's cells want the steps first: everything up to the last hidden state is (steps, rows, size).
    builder.add("Transpose", ["ids"], "ids_by_step", perm=[1, 0])
    outputs = [builder.add("Gather", ["embedding", "ids_by_step"], "embedded")]
    for state in states:
        builder.add("Split", [state], *(f"{state}_{n}" for n in layers), num_outputs=shape.layers)
    for layer in layers:
        befores = [f"{state}_{layer}" for state in states]
        outputs.append(_add_layer(builder, weights, shape, layer, outputs[-1], befores))
    for state in states:
        builder.add("Concat", [f"{state}_{n}_next" for n in layers], f"{state}_next", axis=0)
    if shape.attention:
        last = _add_attention(builder, weights, outputs)
    else:
        last = builder.add("Squeeze", [f"hidden_{layers[-1]}_next", "axis_0"], "last")
    _add_output(builder, weights, last)


def _add_layer(
    builder: _Builder,
    weights: Weights,
    shape: ModelSettings,
    layer: int,
    below: str,
    befores: list[str],
) -> str:
    """Add a recurrent layer that reads `below`; return its outputs, (steps, rows, hidden)."""
    name = f"{shape.cell}_{layer}"
    kernel, recurrent, bias = (
        _arranged(weights[f"{name}.{array}"], shape.cell)
        for array in ("kernel", "recurrent_kernel", "bias")
    )
    if bias.ndim == 1:  # ONNX has one of the input and one of the state
        bias = np.stack([bias, np.zeros_like(bias)])
    inputs = [
        below,
        builder.array(f"{name}.W", kernel.T[None]),
        builder.array(f"{name}.R", recurrent.T[None]),
        builder.array(f"{name}.B", bias.reshape(1, -1)),
        "",  # all rows have the same number of steps
        *befores,
    ]
    afters = [f"{before}_next" for before in befores]
    operator, attributes = OPERATORS[shape.cell], _attributes(shape)
    builder.add(operator, inputs, f"{name}.directions", *afters, **attributes)
    return builder.add("Squeeze", [f"{name}.directions", "axis_1"], f"{name}.outputs")


def _attributes(shape: ModelSettings) -> dict[str, Any]:
    attributes: dict[str, Any] = {"hidden_size": shape.hidden_size}
    if shape.cell == "gru":
        attributes["linear_before_reset"] = int(shape.reset_after)
    if shape.cell != "rnn" and shape.gate in SLOPES:
        attributes["activations"] = ["HardSigmoid", *["Tanh"] * (2 if shape.cell == "lstm" else 1)]
        attributes["activation_alpha"] = [SLOPES[shape.gate]]
        attributes["activation_beta"] = [0.5]
    return attributes


def _arranged(array: np.ndarray[Any, Any], cell: str) -> np.ndarray[Any, Any]:
    """Put the columns of an array of gates into ONNX's order."""
    gates = np.split(array, layout.GATES[cell], axis=-1)
    return np.concatenate([gates[number] for number in GATES[cell]], axis=-1)


def _add_attention(builder: _Builder, weights: Weights, outputs: list[str]) -> str:
    """Add textgenrnn's average over the steps; return it, (rows, embedding + layers x hidden)."""
    kernel = builder.array("attention.kernel", weights["attention.kernel"])
    joined = builder.add("Concat", outputs, "joined", axis=2)
    scores = builder.add("MatMul", [joined, kernel], "scores")
    shares = builder.add("Softmax", [scores], "shares", axis=0)
    weighted = builder.add("Mul", [joined, shares], "weighted")
    return builder.add("ReduceSum", [weighted, "axis_0"], "average", keepdims=0)


def _add_output(builder: _Builder, weights: Weights, last: str) -> None:
    if "projection.kernel" in weights:
        projection = builder.array("projection.kernel", weights["projection.kernel"])
        last = builder.add("MatMul", [last, projection], "projected")
    bias = builder.array("output.bias", weights["output.bias"])
    if "output.kernel" in weights:
        kernel = builder.array("output.kernel", weights["output.kernel"])
        builder.add("Gemm", [last, kernel, bias], "logits")
    else:  # tied: the embedding, which is in the file once
        builder.add("Gemm", [last, "embedding", bias], "logits", transB=1)
