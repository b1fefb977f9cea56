"""A greedy word by the tutorial's loop and by ours: the same network, the same words, one run.

The network has the tutorial's shape (2,422 words, embedding 10, LSTM 100, window 18) and random
weights, which cost what trained ones cost.
"""

import os
import statistics
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["OPENBLAS_NUM_THREADS"] = "1"  # as `headlong` sets it; TensorFlow has threads of its own

import keras
import numpy as np

from core.decoding.generator import Generator
from core.library.model import Manifest, Model
from core.settings import SamplingSettings, preset
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary

WORDS, WINDOW = 2422, 18
ROUNDS, PREDICTED, GENERATED = 5, 20, 400
SEED = "w7 w11"


def build() -> keras.Model:
    """Return the tutorial's network."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((WINDOW,)),
            keras.layers.Embedding(WORDS, 10),
            keras.layers.LSTM(100),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(WORDS, activation="softmax"),
        ]
    )


def ours(network: keras.Model, context: str) -> Generator:
    """Return the same weights as a model of ours."""
    embedding, lstm, _, dense = network.layers
    names = ("lstm_0.kernel", "lstm_0.recurrent_kernel", "lstm_0.bias")
    weights = {"embedding": embedding.get_weights()[0]}
    weights |= dict(zip(names, lstm.get_weights(), strict=True))
    weights |= dict(zip(("output.kernel", "output.bias"), dense.get_weights(), strict=True))
    specials = SPECIALS if context == "stream" else (PADDING,)
    tokens = (*specials, *(f"w{number}" for number in range(len(specials), WORDS)))
    shape = preset("tutorial").model.change(context=context, window=WINDOW)
    manifest = Manifest("tutorial", "tutorial", shape, WORDS)
    settings = SamplingSettings(temperature=0, length=GENERATED)
    return Generator(Model(manifest, Vocabulary(tokens), weights), settings)


def the_tutorials_loop(network: keras.Model, ids: list[int], words: int) -> list[int]:
    """Generate as the tutorial's `generate_text` does, with what replaced `predict_classes`."""
    ids = list(ids)
    for _ in range(words):
        padded = keras.utils.pad_sequences([ids], maxlen=WINDOW, padding="pre")
        ids.append(int(np.argmax(network.predict(padded, verbose=0))))
    return ids


def microseconds(run: object, words: int) -> float:
    """Return the time of a word."""
    began = time.perf_counter()
    run()  # type: ignore[operator]
    return 1e6 * (time.perf_counter() - began) / words


def main() -> None:
    """Print medians and ratios."""
    network = build()
    window, stream = ours(network, "window"), ours(network, "stream")
    seed = window.read_seed(SEED)
    predicted = the_tutorials_loop(network, list(seed.ids), PREDICTED)[len(seed.ids) :]
    if 0 not in predicted:  # padding is a class of the tutorial's softmax, and never a word of ours
        words = [word.text for word, _ in zip(window.stream(seed), predicted, strict=False)]
        assert words == window.vocabulary.decode(predicted), "the two loops must give the same words"
    cases = {
        "tutorial's model.predict loop": (
            lambda: the_tutorials_loop(network, list(seed.ids), PREDICTED),
            PREDICTED,
        ),
        "ours, window context": (lambda: list(window.stream(seed)), GENERATED),
        "ours, stream context": (lambda: list(stream.stream(stream.read_seed(SEED))), GENERATED),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, (run, words) in cases.items():
            times[name].append(microseconds(run, words))
    medians = {name: statistics.median(values) for name, values in times.items()}
    slowest = next(iter(medians.values()))
    print(f"a greedy word, microseconds, median of {ROUNDS} rounds")
    for name, value in medians.items():
        print(f"  {name:32} {value:10,.0f}   {slowest / value:8,.0f} times as fast")


if __name__ == "__main__":
    main()
