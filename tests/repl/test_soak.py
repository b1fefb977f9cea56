"""A long evening at the prompt: thousands of random lines and keys over many models, in one session.

No fault, no leak, and a session file that can be read at any time. `HEADLONG_SOAK_LINES` says how many
lines: 10,000 in `make fuzz`, a part of it in `make test`.
"""

import gc
import logging
import os
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput
from prompt_toolkit.validation import ValidationError

from core.errors import HeadlongError
from core.library import bundle
from core.library.shelf import Shelf
from repl.commands import registry
from repl.line.completion import LineCompleter, candidates
from repl.line.ghost import Ghost
from repl.line.lexer import PromptLexer
from repl.line.prompt import run_prompt
from repl.line.toolbar import toolbar
from repl.line.validation import CommandValidator
from repl.loop import run_line
from repl.saving.autosave import Autosave, saving_itself
from repl.saving.files import sessions_directory
from repl.saving.reading import read_file
from tests.repl.conftest import Screen, console
from tests.repl.line import typist
from tests.repl.line.typist import paste
from tests.repl.test_anything import COMMANDS, MODELS, SEEDS, VALUES, models

LINES = int(os.environ.get("HEADLONG_SOAK_LINES", "1000"))
SEED = int(os.environ.get("HEADLONG_SOAK_SEED", "0"))

EACH = 100
"""Lines after which the session's file is read, and keys are pressed at a real prompt."""

WARM = 6000
"""Lines after which all that is kept on purpose is full, the tree of 1,000 lines too; shorter runs say
nothing about leaks."""

PROMPTS = 2000
"""Lines up to which keys are pressed at prompts: each keeps a megabyte, and a program has only one."""

LEAK = 20e6
"""Bytes that the process may grow by after those."""

KEPT = (
    *(":save one --replace", ":save two --replace", ":open one", ":open two", ":open nothing"),
    *(":copy tiny mine", ":rename mine ours", ":remove ours --yes", ":remove mine", ":verify tiny"),
    *(":bookmark a b", ":go best", ":theme light", ":theme plain", ":theme auto", ":ghost", ":config"),
    *(
        ":history",
        ":history off",
        ":history on",
        ":log it.md --replace",
        ":log it.svg --last 2 --replace",
    ),
    *(":run lines.txt", ":run itself.txt", ":card", ":card tiny", ":load ./damaged", "help", "exit"),
    *(":why 3", ":memory war", ":set", ":set nothing 3", ":temp", ":temp 0.5", ":len 3", ":greedy"),
    *(
        ":import nothing.keras",
        ":export tiny /dev/null/x.zip",
        ":train nothing.txt",
        ":?",
        ": ",
        "::",
        ":",
    ),
    *(
        "\x1b]0;title\x07",
        "\ud800",
        "a\tb",
        "e\u0301" * 20,
        "war " * 60,
        '"',
        "'",
        ":set ban 'war",
        "\\",
    ),
)

KEYS = (
    *(typist.UP, typist.RIGHT, typist.LEFT, typist.END, typist.HOME, typist.ALT_F, typist.ALT_N),
    *(typist.ALT_P, typist.ALT_S, typist.CTRL_C, typist.CTRL_U, typist.CTRL_SPACE, typist.TAB),
    *(
        typist.ENTER,
        typist.ESCAPE,
        typist.BACKSPACE,
        typist.CTRL_RIGHT,
        "\x1b[B",
        "\x12",
        "\x17",
        "\x19",
    ),
    *("n", "e", "w", " ", ":", "s", "t", "0", "今", "😀", "\u0301", "-", "'", paste("war\nchina")),
)


class Faults(logging.Handler):
    """Collects what was caught somewhere so that the prompt goes on, and is no error of the user's."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a fault."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and not isinstance(error, HeadlongError | OSError):
            self.found.append(f"{record.name}: {error!r}")


@pytest.fixture
def faults() -> Iterator[Faults]:
    handler, log = Faults(), logging.getLogger("repl")
    level, log.propagate = log.level, False  # pytest would keep all of it
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield handler
    log.removeHandler(handler)
    log.setLevel(level)
    log.propagate = True


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Screen:
    for model in models():
        bundle.save(model, tmp_path / "shelf" / model.name, f"# {model.name}\n")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "model.json").write_text("{")
    (tmp_path / "lines.txt").write_text(":len 2\nchina\n:zzz\nwar\n")
    (tmp_path / "itself.txt").write_text("war\n:run itself.txt\n")
    monkeypatch.chdir(tmp_path)
    answers = random.Random(SEED)
    monkeypatch.setattr("builtins.input", lambda *prompt: answers.choice(["n", "no", ""]))
    screen = Screen(console(), console(40), interactive=True, shelf=Shelf([tmp_path / "shelf"]))
    screen.load("tiny")
    screen.configure(length=5)
    return screen


class Person:
    """Types lines as people do: each letter is looked at by all that helps to type."""

    def __init__(self, session: Screen, choices: random.Random) -> None:
        self.session, self.choices = session, choices
        self.ghost = Ghost(session)
        self.lexer = PromptLexer(session, registry)
        self.validator = CommandValidator(session, registry, lambda: 40)
        self.completer = LineCompleter(session, registry)

    def lines(self) -> Iterator[str]:
        """Yield lines without end."""
        sets = [f":set {name} {value}" for name, values in VALUES.items() for value in values]
        loads = [f":load {name}" for name in MODELS]
        while True:
            kind = self.choices.choice([SEEDS, SEEDS, COMMANDS, COMMANDS, sets, loads, KEPT, [""]])
            line = self.choices.choice(kind)
            yield line if kind != [""] else self._nonsense()

    def _nonsense(self) -> str:
        start = self.choices.choice(
            ["", ":", "::", f":{self.choices.choice(list(registry.commands))} "]
        )
        if start.startswith((":train", ":import", ":neuron", ":export", ":quit", ":log", ":config")):
            start = ":"  # slow ones, and what ends it all, or writes files of random names
        letters = self.choices.choices(
            "abet01.-+*,;'\" :=…今\u0301😀\x1b\x07", k=self.choices.randrange(9)
        )
        return start + "".join(letters)

    def type(self, line: str) -> None:
        """Type a line, and Enter."""
        self.lexer.refresh()
        places = sorted(self.choices.sample(range(len(line) + 1), min(6, len(line) + 1)))
        for end in places:
            self._look(line[:end])
        self.ghost.drop()
        if self.choices.random() < 0.02:
            self.session.configure(
                **dict.fromkeys(("ban", "must", "beam", "contrastive"), None) | {"samples": 1}
            )
        with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
            keys.send_text(typist.ESCAPE + typist.CTRL_C)  # for the list of :why
            run_line(self.session, line)
        self.session.leaving = False

    def _look(self, typed: str) -> None:
        document = Document(typed)
        self.ghost.of(typed)
        toolbar(self.session, typed, self.choices.choice([10, 40, 80]), self.ghost.message)
        self.lexer.lex_document(document)(0)
        candidates(self.session, registry, typed)
        event = CompleteEvent(completion_requested=self.choices.random() < 0.5)
        list(islice(self.completer.get_completions(document, event), 30))
        try:
            self.validator.validate(document)
        except ValidationError as error:
            assert error.message

    def press_keys(self) -> None:
        """Press keys at a prompt, and leave it."""
        keys = self.choices.choices(KEYS, k=25)
        leave = [typist.ESCAPE, typist.CTRL_C, typist.CTRL_U, typist.CTRL_D]
        with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
            pipe.send_text("".join([*keys, *leave]))
            pipe.close()  # whatever the keys have opened, it ends
            run_prompt(self.session)
        self.session.leaving = False


def test_a_long_evening(session: Screen, faults: Faults) -> None:
    logging.getLogger("repl").handlers = [faults]  # pytest's own would keep every traceback
    person = Person(session, random.Random(SEED))
    autosave = Autosave(session.messages)
    begun = 0
    with saving_itself(session, autosave):
        for number, line in enumerate(islice(person.lines(), LINES), start=1):
            autosave.next = 0.0 if number % EACH == 0 else autosave.next
            person.type(line)
            shown = session.shown() + session.told()
            assert "fault of the program" not in shown, (line, shown)
            assert "\x1b" not in shown, (line, shown)
            assert not faults.found, (line, faults.found)
            if number % EACH == 0:
                _read_back(session)
                if number < PROMPTS:
                    person.press_keys()
                assert "fault of the program" not in session.shown() + session.told()
                assert not faults.found, faults.found
            if number == WARM:
                begun = _memory()
            if number % 500 == 0:
                print(
                    f"{number:,} lines, {len(session.turns):,} kept, {_memory() / 1e6:.1f} MB",
                    flush=True,
                )
    if begun:
        assert _memory() - begun < LEAK


def _read_back(session: Screen) -> None:
    """Read the session's own file: it is what the session is."""
    latest = max(sessions_directory().glob("last-*.json"), key=lambda path: path.stat().st_mtime_ns)
    saved = read_file(latest)
    assert [turn.line.text for turn in saved.turns] == [turn.line.text for turn in session.turns]
    assert saved.settings == session.settings


def _memory() -> int:
    """Return the bytes that the process has in memory."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
