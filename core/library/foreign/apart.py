"""Another program's model read in a process of its own, where it can neither hang nor crash this one.

HDF5 is a large C library, and one wrong byte can make it go round for ever (found by tests/fuzz). So
what a stranger made is read by a child with little time and memory, which saves a folder of ours; that
folder is loaded here like any other, checked.
"""

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from core import errors
from core.errors import HeadlongError, ModelError
from core.library import bundle
from core.library.card import write_card
from core.library.model import Model
from core.library.paths import is_file

_log = logging.getLogger(__name__)

CPU_SECONDS = 1.5
"""Time of the processor for a file; the clock is no measure where a machine is busy."""

BYTES_PER_SECOND = 100_000_000
"""A large file has more time: so many bytes a second are read in any case."""

PATIENCE_SECONDS = 60
"""On the clock, if all else fails."""

MEMORY = 190 << 20
"""Bytes that reading may take beyond the file's own size, a little less than what is promised."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to read, and what to call it; see `core.library.foreign.importing.import_model`."""

    path: str
    tokenizer: str
    name: str
    destination: str
    """Where the model is to be in the end, for errors."""

    window: int | None = None
    config: str | None = None

    @property
    def size(self) -> int:
        """The bytes of the file, 0 where there is none."""
        path = Path(self.path)
        return path.stat().st_size if is_file(path) else 0


def read_apart(request: Request, folder: Path) -> Model:
    """Let a child read a model and save it to `folder`; load it from there.

    Raises:
        ModelError: it cannot be used; or reading it took too long, too much memory, or crashed.
    """
    # -P: a `core` in the user's current directory must not be taken for ours.
    command = [sys.executable, "-P", "-m", __name__, str(folder)]
    try:
        child = subprocess.run(
            command,
            input=json.dumps(asdict(request)),
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS + request.size / BYTES_PER_SECOND,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _given_up(request, "took too long") from None
    except OSError as error:
        raise ModelError(f"no process can be started to read {request.path}: {error}") from error
    if child.returncode < 0:
        crashed = -child.returncode != getattr(signal, "SIGPROF", 0)
        raise _given_up(request, "crashed" if crashed else "took too long")
    if child.returncode:
        _log.debug("%s", child.stderr)
        raise _raised(request, child.stdout)
    return bundle.load(folder)


def _given_up(request: Request, how: str) -> ModelError:
    return ModelError(
        f"{Path(request.path).name} cannot be imported: reading it {how}; "
        "it is damaged, or made to do harm"
    )


def _raised(request: Request, answer: str) -> HeadlongError:
    """Return the error that the child told of."""
    try:
        record = json.loads(answer)
        kind: type[HeadlongError] = getattr(errors, record["kind"])
        return kind(str(record["text"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return _given_up(request, "failed")


@contextmanager
def limited(size: int) -> Iterator[None]:
    """Bound this process's time and memory while it reads a file of `size` bytes, where that can be.

    A process that takes too long is ended by SIGPROF; one that takes too much gets a MemoryError.
    """
    if os.name != "posix":
        yield
        return
    import resource

    signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS + size / BYTES_PER_SECOND)
    before = resource.getrlimit(resource.RLIMIT_AS)
    if taken := _address_space():
        resource.setrlimit(resource.RLIMIT_AS, (taken + size + MEMORY, before[1]))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        resource.setrlimit(resource.RLIMIT_AS, before)


def _address_space() -> int:
    """Return how many bytes this process has mapped; 0 where the system does not tell."""
    try:
        pages = Path("/proc/self/statm").read_text().split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def _read(request: Request) -> Model:
    from core.library.foreign.keras_import import import_keras
    from core.library.foreign.textgenrnn import import_textgenrnn, is_textgenrnn

    path, tokenizer = Path(request.path), Path(request.tokenizer)
    with limited(request.size):
        if is_textgenrnn(path):
            config = Path(request.config) if request.config else None
            return import_textgenrnn(path, tokenizer, config, request.name)
        if request.config:
            raise ModelError(f"{path.name} is a Keras model, which has no --config; leave it out")
        return import_keras(path, tokenizer, request.name, request.window)


def main(folder: Path) -> int:
    """Read what standard input asks for into `folder`; say on standard output what went wrong."""
    import h5py  # before the clock runs

    assert h5py
    try:
        request = Request(**json.load(sys.stdin))
        model = _read(request)
        with bundle.saving(request.name, Path(request.destination)):
            folder.mkdir()
            bundle.write_into(folder, bundle.files(model, write_card(model.manifest)))
    except HeadlongError as error:
        json.dump({"kind": type(error).__name__, "text": str(error)}, sys.stdout)
        return 1
    except MemoryError:
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
