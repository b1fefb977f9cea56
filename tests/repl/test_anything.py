"""Whatever is typed, in whatever order, under whatever settings: answered, or refused in a sentence.

And whatever was generated on the way can be generated again.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.library import bundle
from core.library.model import Model
from core.library.shelf import Shelf
from core.text.vocabulary import SPECIALS, Vocabulary
from repl.loop import run_script
from tests.conftest import random_model
from tests.repl.conftest import Screen, console

MODELS = (
    *("tiny", "window", "gru", "rnn", "attention", "letters", "north", "endless"),
    *("tiny+window", "0.5*gru+2*window", "tiny+north", "north+window+endless", "endless+endless"),
)
NORTH = ("the", "snow", "wolf")
"""So few that most ids of other models mean nothing to these."""

VALUES = {
    "length": ("1", "3", "auto"),
    "until_end": ("on", "off"),
    "min_length": ("1", "99"),
    "ban": ("war", "war, new york, xyz", "snow, wolf, the", "off"),
    "must": ("war", "wolf", "new york, war", "off", "off"),
    "no_repeat": ("1", "2", "off"),
    "repeat_penalty": ("1.2", "off"),
    "presence_penalty": ("-3", "off"),
    "frequency_penalty": ("0.5", "off"),
    "dry": ("0.8", "off"),
    "temperature": ("0", "0.8", "100", "0.0000001"),
    "schedule": ("1,0.5", "0", "off"),
    "top_k": ("1", "3", "off"),
    "top_p": ("0.1", "off"),
    "min_p": ("1", "off"),
    "typical": ("0.2", "off"),
    "eta": ("1", "off"),
    "mirostat": ("0", "3", "off"),
    "contrastive": ("0.6", "off", "off"),
    "beam": ("1", "4", "off"),
    "beam_groups": ("1", "3"),
    "ensemble": ("mix", "turns"),
    "samples": ("1", "4"),
    "ranked": ("on", "off"),
}
COMMANDS = [
    ":why",
    ":why 2 --top 3",
    ":undo",
    ":undo",
    ":samples 2",
    ":rng 5",
    ":rng new",
    ":edit",
    ":edit --whole",
    ":show command",
    ":show",
    ":help drawing",
    ":branch 1 war",
    ":branch 2 wolf",
    ":again",
    ":more",
    ":turns",
    ":parent",
    ":child",
    ":sibling -1",
    ":go 1",
    ":prune",
    ":bookmark best",
    ":replay",
    ":tree 2 3",
    ":tree 2 2 china",
    ":heat on",
    ":heat probability",
    ":heat off",
    ":heat",
    ":score china war zebra",
    ":score",
    ":score 今天",
    ":sweep temperature 0..2",
    ":sweep must war;china why",
    ":sweep must 'new york;it' the",
    ":sweep ensemble mix,turns the wolf",
    ":sweep temp 0..2",
    ":sweep beam 1,3",
    ":vs tiny window china",
    ":vs gru tiny+window",
    ":vs north tiny snow wolf",
    ":vs tiny+north endless",
    ":vs tiny window --samples 3",
    ":score -- --war",
    ":set temp 1",
    ":rename nothing wolf",
    ":gates",
    ":gates new york",
    ":neuron 3 war",
    ":memory",
    ":memory --vs tiny,window war",
    ":show",
    ":set",
    ":models",
    ":memory --vs north,tiny the war",
    ":load nothing",
    ":help ban",
    ":zzz",
]
SEEDS = (
    "china",
    "",
    "new york war",
    "zebra",
    "今天",
    "::x",
    "the the the",
    "the wolf",
    "😀 war",
    "\x1b[31m war",
)

LOADS = st.sampled_from([f":load {name}" for name in MODELS])
LINES = st.one_of(
    st.sampled_from(SEEDS),
    st.sampled_from(COMMANDS),
    st.sampled_from(COMMANDS),
    LOADS,
    st.sampled_from([f":set {name} {value}" for name, values in VALUES.items() for value in values]),
)

ABOUT_A_LINE = (":again", ":more", ":replay", ":branch 1 the", ":why", ":heat", ":memory", ":score")
OF_ANOTHER_MODEL = st.tuples(
    st.sampled_from(SEEDS), LOADS, st.sampled_from(ABOUT_A_LINE), st.sampled_from(ABOUT_A_LINE)
)
"""A line of one model, and what is asked about it when another is loaded."""

SESSIONS = st.lists(LINES.map(lambda line: (line,)) | OF_ANOTHER_MODEL, min_size=8, max_size=20).map(
    lambda parts: [line for part in parts for line in part]
)


def endless() -> Model:
    """As textgenrnn's: `<s>` begins a line and ends it, and no word stands for what is not known."""
    model = random_model(name="endless", words=("<s>", *NORTH[1:]), hidden_size=3, layers=2)
    tokens = ("<pad>", *(f"word{number}" for number in range(3)), *model.vocabulary.tokens[4:])
    return replace(model, vocabulary=Vocabulary(tokens, end_token="<s>"))


def letters() -> Model:
    vocabulary = Vocabulary((*SPECIALS, *"abcehinrw "))
    model = random_model(name="letters")
    text = {"level": "character", "cleaning": "characters"}
    return replace(model, manifest=replace(model.manifest, **text), vocabulary=vocabulary)


def models() -> list[Model]:
    """Return the models that MODELS names, alone or together."""
    return [
        random_model(name="tiny"),
        random_model("window", "window"),
        random_model(name="gru", cell="gru", layers=2),
        random_model(name="rnn", cell="rnn"),
        random_model("window", "attention", attention=True, layers=2),
        letters(),
        random_model(name="north", seed=5, words=NORTH, hidden_size=11, embedding_size=4),
        endless(),
    ]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("shelf")
    for model in models():
        bundle.save(model, directory / model.name, "")
    return directory


@given(SESSIONS, st.sampled_from([40, 80]))
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_nothing_that_is_typed_is_a_fault(shelf: Path, lines: list[str], width: int) -> None:
    screen = Screen(console(width), console(200), interactive=False, shelf=Shelf([shelf]))
    screen.load("tiny")
    run_script(screen, lines)
    shown, told = screen.shown(), screen.told()
    assert "a fault of the program" not in told
    assert "\x1b" not in shown + told
    for turn in screen.turns:
        again = screen.generator_of(turn).again(turn.line, turn.forced)
        assert again.text == turn.line.text, "every line can be generated again"
