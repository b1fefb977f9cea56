"""Whatever is in a model's files: one clear error, or a model that speaks and cannot harm a terminal.

A short run here; `make fuzz` tries a hundred times as many.
"""

import io
import os
import tempfile
import unicodedata
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from rich.console import Console, Group

from core.decoding.generator import Generator
from core.errors import HeadlongError
from core.library import bundle
from core.library.card import write_card
from core.library.shelf import Shelf
from core.settings import SamplingSettings
from repl import views
from repl.shelf_view import ShelfView
from repl.theme import THEME
from tests.conftest import model_of_pieces, random_model
from tests.core.library.hostile import Files, archive, folder, good
from tests.fuzz.spoil import spoilt

EXAMPLES = int(os.environ.get("HEADLONG_FUZZ_EXAMPLES", "150"))
MODELS = [
    good(random_model(tied=True, layers=2)),
    good(random_model("window", cell="gru", masked=True)),
    good(random_model("window", attention=True)),
    good(model_of_pieces(("the a the", "a the vote"))),
]


def drawn(files: Files, zipped: bool) -> str:
    """Load a model and return all that is ever drawn of it; an error is drawn too."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        path = (archive if zipped else folder)(directory, files)
        entries = [entry for entry in Shelf([directory]).entries() if not entry.shipped]
        parts = [ShelfView(entries, [path], date(2026, 1, 1))]
        try:
            model = bundle.load(path)
            generator = Generator(model, SamplingSettings(temperature=0, length=3, samples=2))
            seed = generator.read_seed("the a qqqq")
            parts += [
                views.model_facts(generator),
                views.imported(model, path),
                views.card(write_card(model.manifest)),
                views.status(generator, 1.0),
                *(views.line(sample, generator) for sample in generator.generate(seed)),
            ]
            parts.append(views.unknown_words(seed, generator) or "")
            parts.append(views.card(bundle.load_card(path)))
            event("it loads")
        except HeadlongError as error:
            parts.append(views.error(str(error)))
        file = io.StringIO()
        Console(file=file, width=80, color_system=None, theme=THEME).print(Group(*parts))
        return file.getvalue()


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_spoilt_files_end_in_one_clear_error_or_a_harmless_model(data: st.DataObject) -> None:
    files = data.draw(spoilt(MODELS[data.draw(st.integers(0, len(MODELS) - 1))]))
    text = drawn(files, zipped=data.draw(st.booleans()))
    assert text
    harmful = {c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c != "\n"}
    harmful |= {c for c in text if c in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"}
    assert not harmful
