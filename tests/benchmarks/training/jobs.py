"""Whole jobs as `headlong train` runs them: seconds from the start to a saved model, and memory."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.recipe import preset
from core.text.corpus import Source
from core.training.client import Trainer
from core.training.dataset import Dataset
from core.training.events import Done
from core.training.job import HEADLINES, plan, source
from tests.benchmarks.training.others import prefixes, tutorial_network
from tests.benchmarks.training.texts import texts
from tests.benchmarks.training.turns import Case, Child


def case(text: str) -> Case:
    """An epoch of the tutorial's own code, all its arrays as it makes them."""
    import keras

    data = Dataset.prepare(texts()[text], preset("tutorial"))
    encoded = [data.vocabulary.encode(line) for line in data.corpus.lines]
    longest, words = max(map(len, encoded)), len(data.vocabulary)
    inputs, targets = prefixes(encoded, longest)
    network, one_hot = tutorial_network(words, longest), keras.utils.to_categorical(targets, words)
    return {"samples": len(inputs)}, lambda: network.fit(inputs, one_hot, batch_size=32, verbose=0)


def first_lines(rows: int, folder: Path) -> Source:
    """Return a file of the first lines of our corpus."""
    lines = HEADLINES.read_text(encoding="utf-8").splitlines(keepends=True)[: rows + 1]
    (folder / "lines.csv").write_text("".join(lines), encoding="utf-8")
    return source([folder / "lines.csv"], "headline", ["Unknown"])


def job(name: str, kind: str, text: Source, **changes: Any) -> None:
    """Train in a child as the program does; print its time and peak memory."""
    with TemporaryDirectory() as folder:
        began, most, done = time.perf_counter(), 0, None
        with Trainer(
            plan(text, preset(kind).change(**changes), "m", directory=Path(folder))
        ) as trainer:
            for event in trainer.events():
                done = event if isinstance(event, Done) else done
                status = Path(f"/proc/{trainer.pid}/status")
                if status.exists() and "VmHWM" in (told := status.read_text()):
                    most = max(most, int(told.split("VmHWM:")[1].split()[0]))
        seconds = time.perf_counter() - began
    assert done is not None
    found = done.validation_perplexity
    guess = "" if found is None else f"; perplexity {found:.1f} at epoch {done.best_epoch}"
    print(f"  {name:42} {seconds:6.1f} s {most / 1024:6.0f} MB{guess}")


def main() -> None:
    """Print a line for each job."""
    print("whole jobs, from the start of the process to a saved model, and peak memory")
    with TemporaryDirectory() as folder:
        job("1,000 lines, preset small", "small", first_lines(1000, Path(folder)))
    job("our corpus, small", "small", source())
    job("our corpus, small, batches of 64", "small", source(), batch_size=64)
    for text in list(texts())[1:]:
        child = Child("jobs", text)
        epoch = np.median([child.turn() for _ in range(3)])
        memory = child.close()
        print(f"  {text + ', the tutorial itself':42} {epoch:6.1f} s an epoch {memory:6.0f} MB")
        job(f"{text}, preset tutorial, 5 epochs", "tutorial", texts()[text], epochs=5)
        job(f"{text}, small", "small", texts()[text])
