"""Training, against the tutorial's own `fit`, Keras's `fit` on packed lines, and PyTorch.

Each case runs in a process of its own, as their threads would be in each other's way, and they take
turns. A case trains whole epochs of the same batches in the same order, the first of which - with its
tracing and compiling - is not counted, and its best epoch is what is told: other work on the machine
can only slow it down. The tutorial's `fit` runs some steps of an epoch only, and its epoch is reckoned
from them. PyTorch is left out where it is not installed. Run with `python -m tests.benchmarks.train`;
names of cases after it run these alone.
"""

import importlib.util
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.recipe import Recipe, preset
from core.text.corpus import Source
from core.training.batches import Batch
from core.training.client import Trainer, _environment
from core.training.dataset import Dataset
from core.training.events import Done
from core.training.job import HEADLINES, plan, source

ROUNDS, EPOCHS, TUTORIAL_STEPS = 2, 3, 30
APRIL = Path(__file__).parents[2] / ".." / "shared" / "data" / "nyt" / "ArticlesApril2017.csv"
TIED = {"embedding_size": 128, "hidden_size": 256, "tied": True}
TUTORIAL = {"embedding_size": 10, "hidden_size": 100, "tied": False}
SHAPES = {"E128 H256 tied": TIED, "E10 H100 (the tutorial's)": TUTORIAL}
NO_DROPOUT = {"dropout": 0.0, "input_dropout": 0.0, "word_dropout": 0.0}
Epoch = Callable[[], None]


def texts() -> dict[str, Source]:
    """Return our corpus, and the tutorial's where it is there."""
    ours = {"ours": source()}
    return ours | ({"April 2017": Source((APRIL,), "headline", ("Unknown",))} if APRIL.exists() else {})


def recipe(shape: str) -> Recipe:
    """Return a stream of this shape; nothing is dropped, which no other case does as cheaply."""
    changes: dict[str, Any] = {**SHAPES[shape], **NO_DROPOUT, "min_count": 1}
    return preset("small").change(**changes)


def flops(dataset: Dataset) -> int:
    """Return what a token costs: two for each weight that it meets, and twice that again backwards."""
    model, words = dataset.recipe.model, len(dataset.vocabulary)
    e, h = model.embedding_size, model.hidden_size
    return 6 * (4 * h * (e + h) + (h * e + e * words if model.tied else h * words))


def ours(dataset: Dataset, batches: list[Batch], xla: bool = False) -> Epoch:
    """Our step, as the loop calls it."""
    from core.training import compiling
    from core.training.network import Network
    from core.training.step import Step

    if xla:  # from the first step on
        compiling.WORTH = compiling.START = compiling.SWITCH = 0
    step = Step(Network(dataset.recipe.model, len(dataset.vocabulary), dataset.unigram, 0), dataset)

    def epoch() -> None:
        for batch in batches:
            step.train(*batch)

    return epoch


def keras_fit(dataset: Dataset, batches: list[Batch]) -> Epoch:
    """Keras's own `fit` on the same packed batches, sparse targets, weights of 0 on the padding."""
    import keras
    import tensorflow as tf

    model, words = dataset.recipe.model, len(dataset.vocabulary)
    embedding = (
        keras.layers.ReversibleEmbedding(words, model.embedding_size)
        if model.tied
        else keras.layers.Embedding(words, model.embedding_size)
    )
    ids = keras.Input((None,), dtype="int32")
    values = keras.layers.LSTM(model.hidden_size, return_sequences=True)(embedding(ids))
    if model.tied:
        values = keras.layers.Dense(model.embedding_size, use_bias=False)(values)
        logits = embedding(values, reverse=True)
    else:
        logits = keras.layers.Dense(words)(values)
    network = keras.Model(ids, logits)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(0.002, global_clipnorm=1.0), loss)
    signature = (
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((None, None), tf.int32),
        tf.TensorSpec((None, None), tf.float32),
    )

    def weighted() -> Iterator[tuple[Any, ...]]:
        for inputs, targets in batches:
            yield inputs, targets, (targets > 0).astype(np.float32)

    data = tf.data.Dataset.from_generator(weighted, output_signature=signature).cache().prefetch(2)
    return lambda: network.fit(data, verbose=0) and None


def pytorch(dataset: Dataset, batches: list[Batch]) -> Epoch:
    """`nn.LSTM` on packed sequences."""
    import torch
    from torch.nn import functional
    from torch.nn.utils.rnn import pack_padded_sequence

    torch.set_num_threads(os.cpu_count() or 1)
    model, words = dataset.recipe.model, len(dataset.vocabulary)
    embedding = torch.nn.Embedding(words, model.embedding_size)
    lstm = torch.nn.LSTM(model.embedding_size, model.hidden_size, batch_first=True)
    project = torch.nn.Linear(model.hidden_size, model.embedding_size, bias=False)
    bias, output = torch.nn.Parameter(torch.zeros(words)), torch.nn.Linear(model.hidden_size, words)
    parameters = [*embedding.parameters(), *lstm.parameters()]
    parameters += [*project.parameters(), bias] if model.tied else [*output.parameters()]
    adam = torch.optim.Adam(parameters, 0.002)
    tensors = [
        (
            torch.tensor(i, dtype=torch.long),
            torch.tensor(t, dtype=torch.long),
            torch.tensor((t > 0).sum(1)),
        )
        for i, t in batches
    ]

    def epoch() -> None:
        for inputs, targets, lengths in tensors:
            options: dict[str, Any] = {"batch_first": True, "enforce_sorted": False}
            hidden = lstm(pack_padded_sequence(embedding(inputs), lengths, **options))[0].data
            goals = pack_padded_sequence(targets, lengths, **options).data
            tied = model.tied
            logits = (
                functional.linear(project(hidden), embedding.weight, bias) if tied else output(hidden)
            )
            loss = functional.cross_entropy(logits, goals)
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            adam.step()
            loss.item()

    return epoch


def tutorial_seconds(dataset: Dataset) -> float:
    """Return the seconds of an epoch of the tutorial's `fit`, reckoned from some steps."""
    import keras

    encoded = [dataset.vocabulary.encode(line) for line in dataset.corpus.unique_lines()]
    prefixes = [ids[:end] for ids in encoded for end in range(2, len(ids) + 1)]
    longest, words = max(map(len, encoded)), len(dataset.vocabulary)
    chosen = np.random.default_rng(0).permutation(len(prefixes))[: 32 * TUTORIAL_STEPS]
    rows = keras.utils.pad_sequences([prefixes[n] for n in chosen], maxlen=longest, padding="pre")
    one_hot = keras.utils.to_categorical(rows[:, -1], words)
    layers = [keras.layers.Embedding(words, 10), keras.layers.LSTM(100), keras.layers.Dropout(0.1)]
    network = keras.Sequential(
        [keras.Input((longest - 1,)), *layers, keras.layers.Dense(words, activation="softmax")]
    )
    network.compile(loss="categorical_crossentropy", optimizer="adam")
    network.fit(rows[:, :-1], one_hot, batch_size=32, verbose=0)
    return (
        len(prefixes)
        / len(rows)
        * best_of(lambda: network.fit(rows[:, :-1], one_hot, batch_size=32, verbose=0) and None)
    )


def peak() -> float:
    """Return the most float32 operations a second that TensorFlow's matrix product does here."""
    import tensorflow as tf

    size = 2048
    square = tf.random.normal((size, size))
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(square, square)))
    product()
    return 2 * size**3 / best_of(lambda: float(product()) and None, 10)


def best_of(epoch: Epoch, times: int = EPOCHS) -> float:
    """Return the least seconds of some calls."""
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


CASES = ("tutorial's fit", "Keras fit, packed", "PyTorch, packed", "ours", "ours, XLA")


def child(case: str, text: str, shape: str) -> None:
    """Measure one case; print the seconds of an epoch as JSON."""
    dataset = Dataset.prepare(texts()[text], recipe(shape))
    lines, tokens = dataset.lines, dataset.training.tokens
    told = {"lines": lines, "tokens": tokens, "words": len(dataset.vocabulary), "flops": flops(dataset)}
    if case == "peak":
        told["peak"] = int(peak())
    elif case == CASES[0]:
        # Its epoch holds the held-out lines too, which makes it longer by their share.
        everything = dataset.lines + dataset.validation_lines
        told["seconds"] = tutorial_seconds(dataset) * lines / everything
    else:
        batches = list(dataset.training.epoch(np.random.default_rng(0)))
        builders = dict(zip(CASES[1:4], (keras_fit, pytorch, ours), strict=True))
        epoch = builders[case](dataset, batches) if case in builders else ours(dataset, batches, True)
        epoch()
        told["seconds"] = best_of(epoch)
    print(json.dumps(told))


def run(*arguments: str) -> dict[str, Any] | None:
    """Run a child as the trainer runs; None where it fails."""
    command = [sys.executable, "-m", "tests.benchmarks.train", "--case", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=_environment(), check=False)
    if done.returncode:
        print(f"  {arguments[0]}: failed: {done.stderr.strip().splitlines()[-1]}")
        return None
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def compare(text: str, shape: str, cases: list[str]) -> None:
    """Print one table."""
    limit = run("peak", text, shape)
    assert limit is not None
    found: dict[str, list[float]] = {case: [] for case in cases}
    for _, case in itertools.product(range(ROUNDS), cases):
        told = run(case, text, shape)
        found[case] += [told["seconds"]] if told else []
    print(
        f"{text}: {limit['lines']:,} lines, {limit['tokens']:,} tokens, V {limit['words']:,}, {shape}, "
        f"batches of 32; peak {limit['peak'] / 1e9:,.0f} GFLOP/s"
    )
    print(f"  {'':18} {'seconds':>8} {'lines/s':>9} {'tokens/s':>9} {'of peak':>8}")
    for case, seconds in found.items():
        if seconds:
            least = min(seconds)
            # The tutorial computes every line once for each of its words: what counts is the result.
            share = limit["tokens"] * limit["flops"] / least / limit["peak"]
            print(
                f"  {case:18} {least:8.2f} {limit['lines'] / least:9,.0f} "
                f"{limit['tokens'] / least:9,.0f} {'' if case == CASES[0] else f'{share:.0%}':>8}"
            )


def job(name: str, rows: int | None, text: Source, **changes: Any) -> None:
    """Train as `headlong train` does, in a child; print its time and peak memory."""
    with tempfile.TemporaryDirectory() as folder:
        if rows is not None:
            lines = HEADLINES.read_text(encoding="utf-8").splitlines(keepends=True)[: rows + 1]
            (Path(folder) / "lines.csv").write_text("".join(lines), encoding="utf-8")
            text = source([Path(folder) / "lines.csv"], "headline", ["Unknown"])
        kind = preset("tutorial" if rows is None else "small").change(**changes)
        began, most, done = time.perf_counter(), 0, None
        with Trainer(plan(text, kind, "m", directory=Path(folder) / "models")) as trainer:
            for event in trainer.events():
                done = event if isinstance(event, Done) else done
                status = Path(f"/proc/{trainer.pid}/status")
                if status.exists() and "VmHWM" in (told := status.read_text()):
                    most = max(most, int(told.split("VmHWM:")[1].split()[0]))
        assert done is not None
        seconds = time.perf_counter() - began
        print(
            f"{name}: {seconds:.0f} s from start to a saved model; peak {most / 1024:.0f} MB;"
            f" validation perplexity {done.validation_perplexity} at epoch {done.best_epoch}"
            f" ({done.reason})"
        )


def main(arguments: list[str]) -> None:
    """Print the tables, or be a child that measures one case."""
    if arguments[:1] == ["--case"]:
        child(*arguments[1:])
        return
    cases = [case for case in CASES if not arguments or case in arguments]
    if importlib.util.find_spec("torch") is None:
        cases = [case for case in cases if case != CASES[2]]
    for text, shape in itertools.product(texts(), SHAPES):
        compare(text, shape, cases)
    job("1,000 lines, preset small", 1000, source())
    job("the tutorial's job, 3 epochs of it", None, texts().get("April 2017", source()), epochs=3)


if __name__ == "__main__":
    main(sys.argv[1:])
