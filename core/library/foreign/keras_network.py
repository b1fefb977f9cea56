"""What Keras's layers add up to: the settings of a network of ours, or the reason why there is none.

The tutorial's models, in other words, and their near relatives: Embedding, recurrent layers, Dropout,
Dense. What cannot be run exactly as Keras runs it is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import ModelError
from core.library.foreign.json_files import MOST_WORDS
from core.library.foreign.keras_files import KerasModel, Layer
from core.settings import ModelSettings

CELLS = {
    "LSTM": "lstm",
    "GRU": "gru",
    "SimpleRNN": "rnn",
    "CuDNNLSTM": "lstm",
    "CuDNNGRU": "gru",
}
CUDNN = {"CuDNNLSTM", "CuDNNGRU"}
"""Keras 2's layers for graphics cards: no choice of activations, and weights in another order."""

TRANSPARENT = {
    "InputLayer",
    "Dropout",
    "SpatialDropout1D",
    "GaussianDropout",
    "GaussianNoise",
}
"""Layers that do nothing when a model is used."""

REASONS = {
    "Bidirectional": "it reads a text from both ends, so it cannot continue one",
    "TimeDistributed": "it answers for every word, and only an answer for the last can be used",
}
"""Layers that people try, and why they cannot be imported."""

OPTIONS = {
    "go_backwards": "reads texts backwards",
    "stateful": "keeps its state from one call to the next",
    "return_state": "hands on its state beside its answer",
    "time_major": "reads texts across",
}
"""What a recurrent layer may not do, if its answers are to depend on the window alone."""


@dataclass(frozen=True)
class Network:
    """The layers that matter, and the settings that they add up to: `words` in, `words` out."""

    embedding: Layer
    recurrent: Sequence[Layer]
    dense: Layer
    settings: ModelSettings
    words: int

    @classmethod
    def of(cls, keras: KerasModel, name: str, window: int | None) -> "Network":
        """Return the network of a file called `name`; `window` is its length, if the file may not say.

        Raises:
            ModelError: it cannot be run exactly.
            SettingError: it is larger than Headlong's networks may be.
        """
        layers = _chain(keras, name)
        kinds = [layer.kind for layer in layers]
        if len(layers) < 3 or kinds[0] != "Embedding" or kinds[-1] != "Dense":
            raise _refused(name, f"its layers are {', '.join(kinds):.200}")
        embedding, recurrent, dense = layers[0], layers[1:-1], layers[-1]
        for layer in recurrent:
            if layer.kind not in CELLS:
                raise _refused(name, f"{layer.kind} stands where a recurrent layer is expected")
        for layer in recurrent:
            _check_recurrent(layer, name, last=layer is recurrent[-1])
        if len({CELLS[layer.kind] for layer in recurrent}) > 1:
            raise _refused(name, "its recurrent layers are of different kinds")
        words, rows = _whole(dense, "units", name), _whole(embedding, "input_dim", name)
        if rows != words:
            raise _refused(name, f"it reads {rows:,} different words and writes {words:,}")
        if words > MOST_WORDS:
            raise _refused(name, f"it has {words:,} words, more than {MOST_WORDS:,}")
        settings = ModelSettings().change(
            cell=CELLS[recurrent[0].kind],
            layers=len(recurrent),
            embedding_size=_whole(embedding, "output_dim", name),
            hidden_size=max(_whole(layer, "units", name) for layer in recurrent),
            tied=False,
            dropout=0.0,
            input_dropout=0.0,
            word_dropout=0.0,
            context="window",
            window=_window(keras, name, window),
            masked=bool(embedding.config.get("mask_zero")),
            gate=_gate(recurrent, keras, name),
            reset_after=_reset_after(recurrent, name),
        )
        return cls(embedding, recurrent, dense, settings, words)


def _chain(keras: KerasModel, name: str) -> list[Layer]:
    """Return the layers that compute, and see to it that each one follows the one before."""
    passed: dict[str, str] = {}  # what a transparent layer hands on
    masks: set[str] = set()
    chain: list[Layer] = []
    for layer in keras.layers:
        if layer.kind in REASONS:
            raise _refused(name, f"{layer.kind}: {REASONS[layer.kind]}")
        if layer.kind == "NotEqual":  # how a functional model notes that the padding is masked
            _check_mask(layer, passed, chain, name)
            masks.add(layer.name)
            continue
        before = {passed.get(source, source) for source in layer.inputs if source not in masks}
        if layer.kind in TRANSPARENT:
            passed[layer.name] = next(iter(before), "")
            continue
        expected = chain[-1].name if chain else ""
        if not keras.sequential and before - {expected}:
            raise _refused(name, f"the layer {layer.name} does not just follow the one before")
        if layer.kind == "Activation" and chain and _is_softmax_of(layer, chain[-1]):
            passed[layer.name] = expected
            chain[-1] = _with_softmax(chain[-1])
            continue
        if layer.kind not in {"Embedding", "Dense", *CELLS}:
            raise _refused(name, f"it has a layer {layer.kind}")
        chain.append(layer)
    if chain and chain[-1].config.get("activation") != "softmax":
        raise _refused(name, "its last layer is no softmax")
    return chain


def _check_mask(layer: Layer, passed: dict[str, str], chain: list[Layer], name: str) -> None:
    """See that a mask is that of the embedding: ids that are not 0."""
    of_ids = {passed.get(source) for source in layer.inputs} == {""}
    zero = type(layer.operand) is int and layer.operand == 0
    if not (of_ids and zero and chain and chain[0].config.get("mask_zero")):
        raise _refused(name, "it masks something else than the padding that its embedding masks")


def _is_softmax_of(layer: Layer, before: Layer) -> bool:
    linear = before.kind == "Dense" and before.config.get("activation") == "linear"
    return linear and layer.config.get("activation") == "softmax"


def _with_softmax(layer: Layer) -> Layer:
    config = {**layer.config, "activation": "softmax"}
    return Layer(layer.kind, layer.name, config, layer.inputs, layer.read)


def _check_recurrent(layer: Layer, name: str, last: bool) -> None:
    config = layer.config
    if bool(config.get("return_sequences")) is last:
        how = "answers for every word" if last else "answers once a text, and others follow it"
        raise _refused(name, f"{layer.name} {how} (return_sequences)")
    for option, meaning in OPTIONS.items():
        if config.get(option):
            raise _refused(name, f"{layer.name} {meaning} ({option})")
    if config.get("activation", "tanh") != "tanh":
        raise _refused(name, f"its activation is {config['activation']!r:.60}, not tanh")


def _gate(recurrent: Sequence[Layer], keras: KerasModel, name: str) -> str:
    """Return the function of the gates; Keras 2's hard_sigmoid is 0.2 x + 0.5, Keras 3's x/6 + 0.5."""
    if recurrent[0].kind == "SimpleRNN":
        return "sigmoid"
    gates = {str(layer.config.get("recurrent_activation", "sigmoid")) for layer in recurrent}
    if gates == {"sigmoid"}:
        return "sigmoid"
    if gates == {"hard_sigmoid"}:
        return "hard_sigmoid" if keras.major < 3 else "hard_sigmoid_6"
    told = ", ".join(f"{gate!r:.60}" for gate in sorted(gates))
    raise _refused(name, f"its gates are {told}, not sigmoid or hard_sigmoid alone")


def _reset_after(recurrent: Sequence[Layer], name: str) -> bool:
    """Say whether GRUs reset after their product; before Keras 2.1.3 there was no such choice."""
    if CELLS[recurrent[0].kind] != "gru":
        return True
    answers = {layer.kind in CUDNN or bool(layer.config.get("reset_after")) for layer in recurrent}
    if len(answers) > 1:
        raise _refused(name, "one of its GRUs resets before the product and another after it")
    return answers.pop()


def _window(keras: KerasModel, name: str, told: int | None) -> int:
    """Return the length that the network was built for, by its file, or else as it was `told`."""
    built = _built_for(keras)
    if built is None and told is None:
        raise ModelError(f"{name} does not say how many words it reads; name them with --window")
    if built is not None and told not in (None, built):
        raise ModelError(f"{name} reads {built} words, and not {told}; leave out --window")
    return built or told or 0


def _built_for(keras: KerasModel) -> int | None:
    """Return the length that the file tells, wherever its version of Keras wrote it down."""
    for layer in keras.layers:
        config = layer.config
        build: Any = config.get("build_config")
        shapes = (
            config.get("batch_shape"),
            config.get("batch_input_shape"),
            build.get("input_shape") if isinstance(build, dict) and layer.kind == "Embedding" else None,
            (None, config.get("input_length")),
        )
        for shape in shapes:
            if isinstance(shape, list | tuple) and len(shape) == 2 and type(shape[1]) is int:
                return shape[1]
    return None


def _whole(layer: Layer, key: str, name: str) -> int:
    value = layer.config.get(key)
    if type(value) is not int or value < 1:
        raise _refused(name, f"{key} of {layer.name} is {value!r:.60}")
    return value


def _refused(name: str, why: str) -> ModelError:
    return ModelError(
        f"{name} cannot be imported: {why}; Headlong imports "
        "Embedding - LSTM, GRU or SimpleRNN - Dropout - Dense(softmax)"
    )
