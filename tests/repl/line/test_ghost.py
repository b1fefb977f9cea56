"""The ghost text without a terminal: what is shown after a text, and that Enter prints just that."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from core.decoding.generator import Generator
from core.errors import SettingError
from core.library.model import Model
from core.library.shelf import Shelf
from core.setting import Value
from core.text.vocabulary import SPECIALS, Vocabulary
from repl import views
from repl.line import ghost as module
from repl.line.ghost import NOTHING_DRAWN, ON_ITS_WAY, Ghost, Watched, seed_of
from repl.loop import run_line
from tests.conftest import WORDS, random_model
from tests.repl.conftest import Screen, console


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no ghost be late because this machine is busy."""
    monkeypatch.setattr(module, "BUDGET", 60.0)
    monkeypatch.setattr(module, "WHOLE_BUDGET", 60.0)


@pytest.fixture
def ghost(session: Screen) -> Ghost:
    session.configure(length=3)
    return Ghost(session)


def pieces(session: Screen, seed: str) -> str:
    generator = session.require_generator()
    return "".join(word.piece for word in generator.stream(generator.read_seed(seed)))


# --- what a text becomes ------------------------------------------------------------------------


def test_the_ghost_is_what_the_model_adds(session: Screen, ghost: Ghost) -> None:
    shown = ghost.of("china")
    assert shown.startswith(" ")
    assert len(shown.split()) == 3
    assert shown == pieces(session, "china")


def test_the_same_text_has_the_same_ghost(ghost: Ghost) -> None:
    first = [ghost.of(text) for text in ("w", "wa", "war")]
    assert [ghost.of(text) for text in ("w", "wa", "war")] == first


def test_a_blank_line_has_the_ghost_of_an_empty_seed(session: Screen, ghost: Ghost) -> None:
    assert ghost.of("") == ghost.of("   ") == pieces(session, "")
    assert not ghost.of("").startswith(" ")


def test_two_colons_begin_a_seed_with_one(session: Screen, ghost: Ghost) -> None:
    assert ghost.of("::war") == pieces(session, ":war")


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        ("china", "china"),
        ("  china ", "china "),
        ("::x", ":x"),
        (" ::x", ":x"),
        (":len 3", None),
        (" :len", None),
        (":", None),
        ("a\nb", None),
        ("", ""),
    ],
)
def test_seeds_are_told_from_commands_and_from_several_lines(text: str, seed: str | None) -> None:
    assert seed_of(text) == seed


def test_a_command_goes_on_as_it_did_last(session: Screen) -> None:
    ghost = Ghost(session, {":le": ":len 5"}.get)
    assert ghost.of(":le") == ghost.of("  :le") == "n 5"
    assert ghost.of(":x") == ""


def test_several_lines_have_none_and_are_counted(ghost: Ghost) -> None:
    assert ghost.of("china\nwar\nvote") == ""
    assert ghost.message == "3 lines, which Enter runs one by one"


def test_it_can_be_switched_off(session: Screen) -> None:
    ghost = Ghost(session, {":le": ":len 5"}.get)
    session.program = session.program.change(ghost=False)
    assert [ghost.of(text) for text in ("china", "", ":le")] == ["", "", ""]


def test_settings_and_models_that_change_change_it(session: Screen, ghost: Ghost) -> None:
    three = ghost.of("war")
    session.configure(length=5)
    assert ghost.of("war").startswith(three)
    assert len(ghost.of("war").split()) == 5
    session.load("window")
    assert ghost.of("war") == pieces(session, "war")


def test_control_characters_of_a_model_are_not_shown(session: Screen, ghost: Ghost) -> None:
    session.generator = Generator(random_model(words=["\x1b[31m", "\x07"]), session.settings)
    assert set(ghost.of("war").split()) <= {"\ufffd[31m", "\ufffd"}


# --- other draws --------------------------------------------------------------------------------


def test_another_draw_is_the_next_start_of_the_random_numbers(session: Screen, ghost: Ghost) -> None:
    first = ghost.of("war")
    ghost.draw("war", 1)
    assert session.settings.rng == 1
    assert ghost.of("war") == pieces(session, "war") != first
    ghost.draw("war", -1)
    assert ghost.of("war") == first
    assert ghost.message == ""


def test_before_the_first_draw_is_the_first(session: Screen, ghost: Ghost) -> None:
    ghost.draw("war", -1)
    assert session.settings.rng == 0


def test_after_the_last_draw_is_a_sentence(session: Screen, ghost: Ghost) -> None:
    session.configure(rng=2**64 - 1)
    ghost.draw("war", 1)
    assert ghost.of("war") != ""
    assert ghost.message.startswith("rng must be a whole number")


def test_where_nothing_is_drawn_there_is_no_other_and_that_is_said(
    session: Screen, ghost: Ghost
) -> None:
    session.configure(temperature=0)
    ghost.draw("war", 1)
    assert session.settings.rng == 0
    assert ghost.of("war") != ""
    assert ghost.message == NOTHING_DRAWN
    ghost.of("ware")
    ghost.of("war")
    assert ghost.message == "", "once it is read it is gone"


# --- what goes wrong ----------------------------------------------------------------------------


def test_without_a_model_it_says_so(session: Screen, ghost: Ghost) -> None:
    session.generator = None
    assert ghost.of("china") == ""
    assert ghost.message.startswith("no model is loaded")


def test_what_the_settings_make_impossible_is_said_in_a_sentence(session: Screen, ghost: Ghost) -> None:
    session.configure(must=("zebra",))
    assert ghost.of("china") == ghost.of("china") == ""
    assert "does not know 'zebra'" in ghost.message
    session.configure(must=None)
    assert ghost.of("china") != ""
    assert ghost.message == ""


def fault() -> None:
    raise ZeroDivisionError("deep inside")


def test_a_fault_of_the_program_is_a_message_and_not_an_exception(
    session: Screen, ghost: Ghost
) -> None:
    generator = session.require_generator()
    generator.stepper = Watched(generator.stepper, fault)
    assert ghost.of("china") == ""
    assert ghost.message == module.FAULT


def test_a_fault_of_the_history_is_one_too(session: Screen) -> None:
    assert Ghost(session, {}.__getitem__).of(":le") == ""


# --- what takes long ----------------------------------------------------------------------------


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every ghost be late."""
    monkeypatch.setattr(module, "BUDGET", -1.0)
    monkeypatch.setattr(module, "WHOLE_BUDGET", -1.0)


SLOW: list[dict[str, Value]] = [{}, {"beam": 3}, {"must": ("war",)}, {"samples": 3}, {"length": 200}]


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("changes", SLOW, ids=str)
def test_what_takes_long_comes_later_and_is_the_same(
    session: Screen, changes: dict[str, Value]
) -> None:
    session.configure(**{"length": 3} | changes)
    grown = threading.Event()
    ghost = Ghost(session, grown=grown.set)
    ghost.of("china")
    ghost.finish()
    assert grown.is_set()
    generator = session.require_generator()
    best = generator.generate(generator.read_seed("china"))[0]
    assert ghost.of("china") == "".join(word.piece for word in best.words)
    assert ghost.message == ""


class Held:
    """Has a network wait before each step until it is let go, and counts the steps."""

    def __init__(self) -> None:
        self.arrived, self.go, self.steps = threading.Event(), threading.Event(), 0

    def __call__(self) -> None:
        self.steps += 1
        self.arrived.set()
        assert self.go.wait(60)


@pytest.fixture
def held(session: Screen) -> Iterator[Held]:
    generator = session.require_generator()
    held = Held()
    generator.stepper = Watched(generator.stepper, held)
    yield held
    held.go.set()


@pytest.mark.usefixtures("hurried")
def test_the_next_key_stops_what_is_not_shown_yet(session: Screen, held: Held) -> None:
    session.configure(length=50, beam=4)
    ghost = Ghost(session)
    assert ghost.of("china") == ""
    assert ghost.message == ON_ITS_WAY
    assert held.arrived.wait(60)
    threading.Timer(0.01, held.go.set).start()
    ghost.drop()
    assert held.steps == 1, "the second step was not taken"
    ghost.of("china")
    ghost.finish()
    assert len(ghost.of("china").split()) == 50


@pytest.mark.usefixtures("hurried")
def test_what_was_dropped_half_way_is_whole_when_one_comes_back(session: Screen, held: Held) -> None:
    session.configure(length=5)
    held.go.set()
    ghost = Ghost(session)
    for _ in range(3):
        ghost.of("china")
        ghost.drop()
    ghost.of("china")
    ghost.finish()
    assert ghost.of("china") == pieces(session, "china")


def test_a_search_that_was_quick_lately_may_take_a_little_longer(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUDGET", -1.0)
    monkeypatch.setattr(module, "WHOLE_BUDGET", 60.0)
    session.configure(beam=3, length=3)
    ghost = Ghost(session)
    assert ghost.of("china") == pieces(session, "china"), "nothing is known against it"
    assert ghost.of("war") == pieces(session, "war")
    monkeypatch.setattr(module, "WHOLE_BUDGET", 0.0)
    held = Held()
    generator = session.require_generator()
    generator.stepper = Watched(generator.stepper, held)
    assert ghost.of("vote") == "", "the last one took too long for that"
    assert ghost.message == ON_ITS_WAY
    held.go.set()


# --- ghost equals result ------------------------------------------------------------------------


def letters() -> Model:
    vocabulary = Vocabulary((*SPECIALS, *"abcehinrw \x1b"))
    model = random_model(name="letters", words=vocabulary.tokens[len(SPECIALS) :])
    text = {"level": "character", "cleaning": "characters"}
    return replace(model, manifest=replace(model.manifest, **text), vocabulary=vocabulary)


MODELS = {
    "stream": random_model(),
    "window": random_model("window"),
    "gru": random_model(cell="gru", layers=2),
    "rnn": random_model(cell="rnn", seed=3),
    "attention": random_model("window", attention=True, layers=2),
    "nasty": random_model(words=(*WORDS, "\x1b[31m", "de\u0301ja\u0300", "今天", "\u202e")),
    "letters": letters(),
}
SAMPLERS: list[dict[str, Value]] = [
    {},
    {"temperature": 0.0},
    {"top_k": 3, "top_p": 0.9},
    {"schedule": (0.5, 1.5)},
    {"mirostat": 3.0},
    {"no_repeat": 1, "repeat_penalty": 1.2},
    {"ban": ("war", "new york")},
    {"beam": 3},
    {"beam": 2, "samples": 2},
    {"contrastive": 0.6},
    {"samples": 4},
    {"samples": 3, "ranked": False},
    {"samples": 3, "temperature": 0.0},
]
TEXTS = st.one_of(
    st.lists(st.sampled_from((*WORDS, "zebra", "今天", "\x1b[31m", "x:", "New")), max_size=5).map(
        " ".join
    ),
    st.sampled_from(
        ("::war", "  china", "china ", "::", ":: war", "a\tb", "the  new", "e\u0301", "\x00")
    ),
)


@given(
    text=TEXTS,
    model=st.sampled_from(sorted(MODELS)),
    sampler=st.sampled_from(SAMPLERS),
    length=st.one_of(st.none(), st.integers(1, 12)),
    until_end=st.booleans(),
    rng=st.integers(0, 2**64 - 1),
    late=st.booleans(),
)
@example(text="::", model="letters", sampler={}, length=None, until_end=False, rng=0, late=False)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_enter_prints_what_was_shown(
    text: str,
    model: str,
    sampler: dict[str, Value],
    length: int | None,
    until_end: bool,
    rng: int,
    late: bool,
) -> None:
    screen = Screen(console(100_000), console(100_000), interactive=True, shelf=Shelf([Path("none")]))
    screen.configure(length=length, until_end=until_end, rng=rng, **sampler)
    screen.generator = Generator(MODELS[model], screen.settings)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("BUDGET", "WHOLE_BUDGET"):
            patch.setattr(module, name, -1.0 if late else 60.0)
        ghost = Ghost(screen)
        ghost.of(text)
        ghost.finish()
        shown = ghost.of(text)
    if not text.strip():
        return  # the prompt runs these itself: tests/repl/test_prompt.py
    run_line(screen, text)
    typed = text.lstrip()
    seed = MODELS[model].cleaning.show(typed[1:] if typed.startswith("::") else typed)
    first = screen.shown().split("\n")[0].removeprefix("  ")
    if screen.settings.samples > 1:
        first = first.removeprefix("1 ").removeprefix(" ")
    assert first.rstrip() == (views.safe(seed) + shown).rstrip()


def test_settings_that_cannot_be_are_refused_by_both(session: Screen, ghost: Ghost) -> None:
    session.configure(ban=WORDS)
    assert ghost.of("china") == ""
    with pytest.raises(SettingError, match="is banned"):
        session.require_generator().generate(session.require_generator().read_seed("china"))
    assert "is banned" in ghost.message
