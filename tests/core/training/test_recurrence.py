"""Our recurrence against Keras's own layers: the same values, the same gradients."""

from typing import Any

import numpy as np
import pytest

from core.settings import ModelSettings

CELLS = [
    {"cell": "lstm"},
    {"cell": "lstm", "gate": "hard_sigmoid"},
    {"cell": "lstm", "gate": "hard_sigmoid_6"},
    {"cell": "gru"},
    {"cell": "gru", "gate": "hard_sigmoid"},
    {"cell": "gru", "reset_after": False},
    {"cell": "gru", "reset_after": False, "gate": "hard_sigmoid_6"},
    {"cell": "rnn"},
]
ROWS, WIDTH, HIDDEN = 4, 3, 5

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def keras_layer(settings: ModelSettings) -> Any:
    """Return Keras's layer of the same kind, its biases not zero as they are at first."""
    import keras
    import tensorflow as tf

    gates = {
        "sigmoid": "sigmoid",
        "hard_sigmoid": lambda x: tf.clip_by_value(0.2 * x + 0.5, 0.0, 1.0),
        "hard_sigmoid_6": "hard_sigmoid",
    }
    kinds = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}
    options: dict[str, object] = {}
    if settings.cell != "rnn":
        options["recurrent_activation"] = gates[settings.gate]
    if settings.cell == "gru":
        options["reset_after"] = settings.reset_after
    layer = kinds[settings.cell](settings.hidden_size, return_sequences=True, **options)
    layer.build((None, None, WIDTH))
    random = np.random.default_rng(1)
    layer.set_weights([random.normal(0, 0.7, array.shape) for array in layer.get_weights()])
    return layer


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("steps", "masked"), [(6, False), (6, True), (40, False), (40, True)])
def test_a_layer_is_keras_layer(cell: dict[str, object], steps: int, masked: bool) -> None:
    tf = pytest.importorskip("tensorflow")
    from core.training.recurrence import LayerWeights, Recurrence

    settings = ModelSettings(hidden_size=HIDDEN).change(**cell)  # type: ignore[arg-type]
    layer = keras_layer(settings)
    random = np.random.default_rng(2)
    inputs = tf.constant(random.normal(size=(ROWS, steps, WIDTH)).astype(np.float32))
    upstream = random.normal(size=(ROWS, steps, HIDDEN)).astype(np.float32)
    mask = random.random((ROWS, steps)) < 0.6 if masked else None
    recurrence = Recurrence(settings)

    @tf.function
    def ours(inputs: Any) -> Any:
        weights = LayerWeights(*map(tf.convert_to_tensor, layer.trainable_variables))
        kept = None if mask is None else tf.constant(mask.T[..., None])
        outputs = recurrence(tf.transpose(inputs, [1, 0, 2]), weights, kept)
        return tf.transpose(outputs, [1, 0, 2])

    answers = []
    for run in (ours, lambda inputs: layer(inputs, mask=mask)):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = run(inputs)
            weighted = tf.reduce_sum(outputs * upstream)
        variables = [inputs, *(variable.value for variable in layer.trainable_variables)]
        answers.append([outputs, *tape.gradient(weighted, variables)])
    for our, their in zip(*answers, strict=True):
        assert np.allclose(our, their, atol=1e-5, rtol=1e-5)
