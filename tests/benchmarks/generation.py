"""A greedy word by the tutorial's loop and by ours: the same network, the same words, one run.

The network has the tutorial's shape (2,422 words, embedding 10, LSTM 100, window 18) and random
weights, which cost what trained ones cost.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np

from core.decoding.generator import Generator
from core.library.model import Manifest, Model
from core.recipe import preset
from core.settings import SamplingSettings
from core.text.vocabulary import PADDING, SPECIALS, Vocabulary
from tests.benchmarks.timing import Case, median_and_least, take_turns

WORDS, WINDOW = 2422, 18
ROUNDS, PREDICTED, GENERATED = 9, 20, 400
LOOP = "tutorial's model.predict loop"
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


def steps(generator: Generator, words: int) -> None:
    """Go on word by word with nothing but the network: neither probabilities nor text."""
    network = generator.stepper
    state = generator.read(generator.read_seed(SEED))
    for _ in range(words):
        state = network.advance(state, network.logits(state).argmax(axis=1))


def main() -> None:
    """Print medians and ratios."""
    network = build()
    window, stream = ours(network, "window"), ours(network, "stream")
    seed = window.read_seed(SEED)
    predicted = the_tutorials_loop(network, list(seed.ids), PREDICTED)[len(seed.ids) :]
    if 0 not in predicted:  # padding is a class of the tutorial's softmax, and never a word of ours
        words = [word.text for word, _ in zip(window.stream(seed), predicted, strict=False)]
        assert words == window.vocabulary.decode(predicted), "the two loops must give the same words"
    cases: dict[str, Case] = {
        LOOP: lambda: the_tutorials_loop(network, list(seed.ids), PREDICTED),
        "ours, window context": lambda: list(window.stream(seed)),
        "ours, stream context": lambda: list(stream.stream(stream.read_seed(SEED))),
        "ours, stream context, the step alone": lambda: steps(stream, GENERATED),
    }
    times = {
        name: median_and_least(seconds, PREDICTED if name == LOOP else GENERATED)
        for name, seconds in take_turns(cases, ROUNDS).items()
    }
    slowest = times[LOOP][0]
    print("a greedy word by the tutorial's network, microseconds: median, and least")
    for name, (median, least) in times.items():
        print(f"  {name:38} {median:9,.1f} {least:9,.1f}   {slowest / median:8,.0f} times as fast")


if __name__ == "__main__":
    main()
