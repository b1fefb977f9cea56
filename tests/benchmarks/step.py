"""One step of the network, by ours and by others: the same weights, the same words, one run.

A step is what every word costs: the state goes on by an id, the logits of the next, the likeliest of
them. At the tutorial's shape the others are PyTorch and ONNX Runtime, each with the number of threads
that suits it best. Large models are measured against the memory: no step can be faster than one product
that reads as many bytes.
"""

import os
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np

from core.decoding import products
from core.decoding.generator import Generator
from core.library.foreign.onnx_export import onnx_file
from core.library.model import Model
from core.settings import SamplingSettings
from tests.benchmarks.timing import Case, median_and_least, network, take_turns, tell_environment

WORDS, FIRST = 300, 5
LARGE = {"V 20,000, H 512": (20_000, 512, 40), "V 50,000, H 1024": (50_000, 1024, 12)}

Loop = Callable[[int], list[int]]
"""Generates so many words and returns their ids."""


def ours(model: Model) -> Loop:
    """Return our step in a loop, without anything else."""
    network = Generator(model).stepper

    def loop(words: int) -> list[int]:
        state, ids, said = network.start(1), np.array([FIRST]), []
        for _ in range(words):
            state = network.advance(state, ids)
            ids = network.logits(state).argmax(axis=1)
            said.append(int(ids[0]))
        return said

    return loop


def whole_words(model: Model, temperature: float) -> Loop:
    """Return what the prompt does: words with their probabilities and ranks."""
    generator = Generator(model, SamplingSettings(temperature=temperature, length=WORDS))
    seed = generator.read_seed("w7 w11")
    return lambda words: [
        word.id for word, _ in zip(generator.stream(seed), range(words), strict=False)
    ]


def two_products(model: Model) -> Loop:
    """Return what no step in numpy can do without: the state's product and the output's."""
    recurrent, output = model.weights["lstm_0.recurrent_kernel"], model.weights["output.kernel"]
    hidden = np.ones((1, len(recurrent)), np.float32)

    def loop(words: int) -> list[int]:
        for _ in range(words):
            hidden.dot(recurrent)
            hidden.dot(output)
        return []

    return loop


def onnx_loops(model: Model) -> Iterator[tuple[str, Loop]]:
    """Yield ONNX Runtime's step on the file that we export, by its threads."""
    import onnxruntime

    content, size = onnx_file(model), model.manifest.architecture.hidden_size
    for name, threads in (("one thread", 1), ("its own threads", 0)):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])

        def loop(words: int, run: Callable[..., list[np.ndarray]] = session.run) -> list[int]:
            hidden = cell = np.zeros((1, 1, size), np.float32)
            ids, said = np.array([[FIRST]]), []
            for _ in range(words):
                logits, hidden, cell = run(None, {"ids": ids, "hidden": hidden, "cell": cell})
                ids = logits.argmax(axis=1)[:, None]
                said.append(int(ids[0, 0]))
            return said

        yield f"ONNX Runtime, {name}", loop


def torch_loops(model: Model) -> Iterator[tuple[str, Loop]]:
    """Yield PyTorch's step with the state carried, by its threads."""
    import torch

    shape = model.manifest.architecture
    embedding = torch.nn.Embedding(len(model.vocabulary), shape.embedding_size)
    lstm = torch.nn.LSTM(shape.embedding_size, shape.hidden_size)
    linear = torch.nn.Linear(shape.hidden_size, len(model.vocabulary))
    weights = {name: torch.from_numpy(array) for name, array in model.weights.items()}
    with torch.no_grad():  # Keras's order of gates, i f c o, is PyTorch's too
        embedding.weight.copy_(weights["embedding"])
        lstm.weight_ih_l0.copy_(weights["lstm_0.kernel"].T)
        lstm.weight_hh_l0.copy_(weights["lstm_0.recurrent_kernel"].T)
        lstm.bias_ih_l0.copy_(weights["lstm_0.bias"])
        lstm.bias_hh_l0.zero_()
        linear.weight.copy_(weights["output.kernel"].T)
        linear.bias.copy_(weights["output.bias"])

    def loop(words: int, threads: int) -> list[int]:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            zeros = torch.zeros(1, 1, shape.hidden_size)
            state, ids, said = (zeros, zeros), torch.tensor([[FIRST]]), []
            for _ in range(words):
                outputs, state = lstm(embedding(ids), state)
                ids = linear(outputs[-1]).argmax(-1, keepdim=True)
                said.append(int(ids))
            return said

    yield "PyTorch, one thread", lambda words: loop(words, 1)
    own = torch.get_num_threads()
    yield "PyTorch, its own threads", lambda words: loop(words, own)


def small() -> None:
    """Print the tutorial's shape."""
    model = network(2422)
    loops = {"ours": ours(model), "its two matrix products alone": two_products(model)}
    loops |= {"a whole word of `stream`, greedy": whole_words(model, 0)}
    loops |= {"a whole word, temperature 0.8": whole_words(model, 0.8)}
    loops |= dict(onnx_loops(model))
    loops |= dict(torch_loops(model)) if find_spec("torch") else {}
    for name, loop in loops.items():
        if name.startswith(("ONNX", "PyTorch")):
            assert loop(50) == loops["ours"](50), f"{name} must say the same words"
    cases: dict[str, Case] = {name: lambda run=loop: run(WORDS) for name, loop in loops.items()}
    times = {name: median_and_least(s, WORDS) for name, s in take_turns(cases, 15).items()}
    print("a step at the tutorial's shape (V 2,422, E 10, H 100), microseconds: median, and least")
    for name, (median, least) in times.items():
        print(f"  {name:34} {median:8.1f} {least:8.1f}   {median / times['ours'][0]:6.2f} times ours")
    if not find_spec("torch"):
        print(f"  {'PyTorch':34} not installed (pip install 'headlong[bench]')")


def one_product(model: Model) -> tuple[int, dict[str, Case]]:
    """Return the bytes of weights that a word reads, and one product of as many, in all manners."""
    cells = Generator(model).stepper._cells  # type: ignore[attr-defined]
    read = [array for name, array in model.weights.items() if name != "embedding"]
    if cells._table is not None:  # then the input's product is there already
        read = [array for array in read if array is not model.weights["lstm_0.kernel"]]
    size, inner = sum(array.size for array in read), model.manifest.architecture.hidden_size
    matrix = np.ones((inner, size // inner), np.float32)
    hidden, library = np.ones((1, inner), np.float32), products._library()

    def product(layout: np.ndarray, threads: int) -> None:
        if library:
            library.set_threads(threads)
        for _ in range(4):
            hidden.dot(layout)
        if library:
            library.set_threads(library.usual)

    cases = {
        f"{name}, {threads} threads": lambda m=m, t=threads: product(m, t)
        for name, m in {"rows": matrix, "columns": np.asfortranarray(matrix)}.items()
        for threads in {1, min(os.cpu_count() or 1, products.MOST_THREADS)}
    }
    return 4 * size, cases  # type: ignore[return-value]


def large(name: str, words: int, hidden: int, count: int) -> None:
    """Print a large model's step beside the memory's limit."""
    model = network(words, hidden_size=hidden, embedding_size=hidden)
    loop = ours(model)
    size, products_ = one_product(model)
    cases = {"ours": lambda: loop(count), **products_}
    seconds = take_turns(cases, 15)
    median, least = median_and_least(seconds.pop("ours"), count)
    limits = {manner: median_and_least(s, 4) for manner, s in seconds.items()}
    manner, (limit, least_limit) = min(limits.items(), key=lambda item: item[1])
    print(
        f"  {name:18} {median:8,.0f} {least:8,.0f}   {limit:8,.0f} {least_limit:8,.0f} "
        f"  {limit / median:4.0%} {least_limit / least:4.0%}   "
        f"{size / 1e6:.0f} MB at {size / limit / 1e3:.0f} GB/s ({manner})"
    )


def main() -> None:
    """Print both tables."""
    tell_environment()
    small()
    print(
        "a step of a large model, microseconds: median and least; one product of as many bytes; share"
    )
    for name, (words, hidden, count) in LARGE.items():
        large(name, words, hidden, count)


if __name__ == "__main__":
    main()
