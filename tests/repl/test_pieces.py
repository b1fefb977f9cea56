"""Models of pieces, and Chinese, at the prompt: forty columns, where wide letters take two."""

from pathlib import Path

import pytest
from rich.cells import cell_len

from core.library import bundle
from core.library.shelf import Shelf
from core.text.pieces import BEGINS
from repl.line.completion import candidates
from repl.line.ghost import Ghost
from repl.line.ghost_view import ROWS, fitted
from repl.line.unknown import unknown_words
from repl.loop import run_script
from repl.registry import registry
from repl.training import Request
from tests.chinese import by_characters, by_pieces
from tests.conftest import model_of_pieces
from tests.repl.conftest import Screen, console

WIDTH = 40
ENGLISH = (
    "the senate says war",
    "the senators say trade",
    "the war and the trade",
    "a senator says no",
)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    for model in (by_pieces(), by_characters(), model_of_pieces(ENGLISH, name="english")):
        bundle.save(model, tmp_path / "shelf" / model.name, f"# {model.name}\n")
    return Shelf([tmp_path / "shelf"])


def session_of(shelf: Shelf, name: str) -> Screen:
    screen = Screen(console(WIDTH), console(WIDTH), interactive=True, shelf=shelf)
    screen.load(name)
    screen.told()
    return screen


def run(session: Screen, *lines: str) -> list[str]:
    run_script(session, lines)
    return session.shown().splitlines() + session.told().splitlines()


@pytest.mark.parametrize("name", ["pieces", "letters"])
@pytest.mark.parametrize(
    "looking",
    [
        ":heat on|上海地铁",
        ":score 上海地铁新线龙",
        "上海|:why 2",
        "上海|:tree 3 2",
        "上海地铁|:gates",
        "上海地铁|:memory",
        "上海地铁|:neuron 3",
        ":vs pieces letters|上海",
        ":sweep temperature 0.2..1.0 上海",
    ],
)
def test_nothing_is_wider_than_the_screen(shelf: Shelf, name: str, looking: str) -> None:
    session = session_of(shelf, name)
    shown = run(session, ":len 12", *looking.split("|"))
    assert any("海" in line for line in shown)
    assert max(map(cell_len, shown)) <= WIDTH


@pytest.mark.parametrize("name", ["pieces", "letters"])
def test_the_numbers_beside_wide_words_stand_in_columns(shelf: Shelf, name: str) -> None:
    session = session_of(shelf, name)
    shown = run(session, ":score 上海地铁：a新")
    rows = [line for line in shown if line.rstrip()[-3:-2] == "." and "%" in line]
    assert len(rows) >= 4
    ends = {cell_len(row[: row.rindex("%") + 1]) for row in rows}
    assert len(ends) == 1


@pytest.mark.parametrize("name", ["pieces", "letters"])
@pytest.mark.parametrize("seed", ["", "上", "上海", "上海地铁新线今天开通a", "the 龍"])
def test_the_ghost_is_what_enter_prints_and_has_room(shelf: Shelf, name: str, seed: str) -> None:
    session = session_of(shelf, name)
    session.configure(length=60)
    ghost = Ghost(session)
    ghost.of(seed)
    ghost.finish()
    text = ghost.of(seed)
    generator = session.require_generator()
    line = generator.generate(generator.read_seed(seed))[0]
    assert seed + text == line.text
    for width in (9, 10, WIDTH):
        cut = fitted(text, seed, width)
        assert text.startswith(cut.removesuffix("…"))
        rows = -(-cell_len(f"› {seed}{cut}") // width)
        assert rows <= max(ROWS, (2 + cell_len(seed)) // width + 1)


def test_nothing_is_unknown_to_pieces(shelf: Shelf) -> None:
    generator = session_of(shelf, "english").require_generator()
    assert unknown_words(generator, "the qxz 龍 senatorial") == []


def test_words_that_begin_so_are_offered(shelf: Shelf) -> None:
    session = session_of(shelf, "english")
    tokens = session.require_generator().vocabulary.tokens
    begin = {token[1:] for token in tokens if token.startswith(BEGINS)} - {""}
    offered = [candidate.text for candidate in candidates(session, registry, "the ")]
    assert set(offered) == begin
    some = [candidate.text for candidate in candidates(session, registry, "the sena")]
    assert some[0].startswith("sena")
    assert set(some) <= begin


def test_a_piece_is_taken_instead_as_it_is_shown(shelf: Shelf) -> None:
    session = session_of(shelf, "english")
    run(session, ":len 4", "the senate")
    told = {token: f":branch 2 {token}" for token in ("▁the", "s")}
    for token, command in {**told, "▁trade": ":branch 2 _trade"}.items():
        run(session, command)
        assert session.turns.require().line.words[1].text == token
    for token in ("<0x41>", "<unk>"):
        answer = " ".join(" ".join(run(session, f":branch 2 {token}")).split())
        assert f"'{token}' is no word of the model" in answer


def test_the_tree_tells_which_pieces_begin_words(shelf: Shelf) -> None:
    session = session_of(shelf, "english")
    labels = [
        line.split("── ")[1].split("  ")[0] for line in run(session, ":tree 1 60 the") if "──" in line
    ]
    assert any(label.startswith(BEGINS) for label in labels)
    assert any(label.isalpha() for label in labels)


def test_what_is_counted_is_called_pieces(shelf: Shelf) -> None:
    session = session_of(shelf, "english")
    assert any("4 pieces" in line for line in run(session, ":len 4", "the senate"))


def test_a_level_of_characters_brings_its_cleaning() -> None:
    text = Request().change({"level": "character"}, []).recipe().text
    assert (text.level, text.cleaning) == ("character", "characters")
    request = Request().change({"level": "bpe", "cleaning": "cased"}, ["pieces=300"])
    text = request.recipe().text
    assert (text.level, text.cleaning, text.pieces) == ("bpe", "cased", 300)
    assert "--set level=bpe" in request.command()
