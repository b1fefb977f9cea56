"""The same network in Keras's `fit`, in PyTorch, and as the tutorial trains it."""

import os
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from core.training.batches import Batch
from core.training.dataset import Dataset
from tests.benchmarks.training.turns import Turn


def keras_fit(dataset: Dataset, batches: list[Batch]) -> Turn:
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
    kinds = (tf.int32, tf.int32, tf.float32)
    signature = tuple(tf.TensorSpec((None, None), kind) for kind in kinds)

    def weighted() -> Iterator[tuple[Any, ...]]:
        for inputs, targets in batches:
            yield inputs, targets, (targets > 0).astype(np.float32)

    data = tf.data.Dataset.from_generator(weighted, output_signature=signature).cache().prefetch(2)
    return lambda: network.fit(data, verbose=0)


def pytorch(dataset: Dataset, batches: list[Batch]) -> Turn:
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
    options: dict[str, Any] = {"batch_first": True, "enforce_sorted": False}

    def epoch() -> None:
        for inputs, targets, lengths in tensors:
            hidden = lstm(pack_padded_sequence(embedding(inputs), lengths, **options))[0].data
            goals = pack_padded_sequence(targets, lengths, **options).data
            if model.tied:
                logits = functional.linear(project(hidden), embedding.weight, bias)
            else:
                logits = output(hidden)
            loss = functional.cross_entropy(logits, goals)
            adam.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            adam.step()
            loss.item()

    return epoch


def prefixes(lines: Sequence[Sequence[int]], longest: int) -> tuple[Any, Any]:
    """Return every beginning of every line, left-padded as the tutorial does it, and what follows."""
    import keras

    cut = [ids[:end] for ids in lines for end in range(2, len(ids) + 1)]
    rows = keras.utils.pad_sequences(cut, maxlen=longest, padding="pre")
    return rows[:, :-1], rows[:, -1]


def tutorial_network(words: int, longest: int) -> Any:
    """Return the tutorial's network, compiled."""
    import keras

    layers = [keras.layers.Embedding(words, 10), keras.layers.LSTM(100), keras.layers.Dropout(0.1)]
    output = keras.layers.Dense(words, activation="softmax")
    network = keras.Sequential([keras.Input((longest - 1,)), *layers, output])
    network.compile(loss="categorical_crossentropy", optimizer="adam")
    return network


def tutorial_fit(dataset: Dataset, steps: int) -> tuple[float, Turn]:
    """Return some steps of an epoch of the tutorial's `fit`, and how many of such make an epoch.

    Its epoch would hold the held-out lines too; here it is that of the lines for training.
    """
    import keras

    lines = dataset.corpus.unique_lines()[: dataset.lines]
    encoded = [dataset.vocabulary.encode(line) for line in lines]
    longest, words = max(map(len, encoded)), len(dataset.vocabulary)
    inputs, targets = prefixes(encoded, longest)
    chosen = np.random.default_rng(0).permutation(len(inputs))[: 32 * steps]
    network = tutorial_network(words, longest)
    rows, one_hot = inputs[chosen], keras.utils.to_categorical(targets[chosen], words)
    return len(inputs) / len(chosen), lambda: network.fit(rows, one_hot, batch_size=32, verbose=0)
