"""Spoilt files of other programs: one clear error, or a model, for no more memory than is promised.

Each is read in a fork with the limits that the importer sets, because HDF5 may hang or crash. That is
what core.library.foreign.apart is for, and counts as an error that is told.
"""

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from core.library.foreign.apart import limited
from core.library.foreign.keras_import import import_keras
from core.library.foreign.textgenrnn import import_textgenrnn
from tests.fuzz import strangers
from tests.fuzz.spoil import Content, spoilt_bytes, spoilt_content
from tests.fuzz.test_structured import EXAMPLES
from tests.measure import Outcome, available, measure

pytestmark = pytest.mark.skipif(not available(), reason="needs fork, and Linux")

KERAS, HDF5, TEXTGENRNN = strangers.keras_file(), strangers.hdf5_file(), strangers.textgenrnn_file()
DESCRIBED = json.dumps(strangers.DESCRIPTION).encode()


@st.composite
def spoilt_keras(draw: st.DrawFn) -> bytes:
    files = strangers.members(KERAS)
    name = draw(st.sampled_from(["config.json", "config.json", "metadata.json", "model.weights.h5"]))
    how = spoilt_bytes if name.endswith("h5") else spoilt_content
    content = strangers.zipped(files | {name: draw(how(files[name]))})
    return Content(draw(spoilt_bytes(content)) if draw(st.integers(0, 3)) == 0 else content)


@st.composite
def spoilt_hdf5(draw: st.DrawFn) -> bytes:
    if draw(st.booleans()):
        content = draw(spoilt_content(DESCRIBED))
        try:
            return Content(strangers.hdf5_file(json.loads(content)))
        except ValueError:
            pass
    return draw(twice_spoilt(Content(HDF5)))


@st.composite
def twice_spoilt(draw: st.DrawFn, content: bytes) -> bytes:
    content = draw(spoilt_bytes(content))
    return Content(draw(spoilt_bytes(content)) if draw(st.booleans()) else content)


def read_keras(path: Path, place: Path) -> None:
    import_keras(path, place / "words.json", "m")


def read_textgenrnn(path: Path, place: Path) -> None:
    import_textgenrnn(path, place / "letters.json", place / "sizes.json", "m")


def cost(content: bytes, ending: str, read: Callable[[Path, Path], object]) -> Outcome:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "words.json").write_bytes(strangers.WORDS)
        (directory / "letters.json").write_bytes(strangers.LETTERS)
        (directory / "sizes.json").write_bytes(strangers.SIZES)
        path = directory / f"m{ending}"
        path.write_bytes(content)

        def bounded() -> None:
            with limited(len(content)):
                read(path, directory)

        return measure(bounded)


def judge(outcome: Outcome, content: bytes) -> None:
    event("given up" if outcome.gone else "an error" if outcome.error else "a model")
    assert outcome.clear or outcome.gone or outcome.error == "MemoryError()", outcome.error
    assert len(outcome.error) < 1000
    assert outcome.bytes < len(content) + 200_000_000


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=spoilt_keras())
def test_spoilt_keras_files(content: bytes) -> None:
    judge(cost(content, ".keras", read_keras), content)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=spoilt_hdf5())
def test_spoilt_hdf5_files(content: bytes) -> None:
    judge(cost(content, ".h5", read_keras), content)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=twice_spoilt(Content(TEXTGENRNN)))
def test_spoilt_weights_of_textgenrnn(content: bytes) -> None:
    judge(cost(content, ".hdf5", read_textgenrnn), content)


def test_the_files_that_are_spoilt_are_good() -> None:
    assert cost(KERAS, ".keras", read_keras).error == ""
    assert cost(HDF5, ".h5", read_keras).error == ""
    assert cost(TEXTGENRNN, ".hdf5", read_textgenrnn).error == ""
