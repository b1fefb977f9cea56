"""Why it was that word, and another in its place: typed, and with arrow keys."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from core.decoding.generator import Generator
from core.insight.why import Candidate, Choice, Stage
from repl.chooser import Chooser, Taken, choose
from repl.loop import run_script
from repl.pictures.why import word_table
from tests.conftest import random_model, with_ngrams
from tests.repl.conftest import Screen, console

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"


def run(session: Screen, *lines: str) -> str:
    run_script(session, lines)
    return session.shown()


def choice(number: int, *words: str, chosen: int = 0, banned: tuple[int, ...] = ()) -> Choice:
    candidates = tuple(
        Candidate(word, 10 * number + place, 0.4, 0.4, place + 1, "ban" if place in banned else None)
        for place, word in enumerate(words)
    )
    return Choice(number, candidates[chosen], candidates, (Stage("ban", 3),))


CHOICES = [choice(1, "a", "b", "c"), choice(2, "d", "<unk>", "e", chosen=2, banned=(1,))]


def test_a_line_has_a_row_a_word(session: Screen) -> None:
    line, *rows, numbers = run(session, ":len 4", "china", ":why").splitlines()
    assert rows[0].split() == ["word", "before", "after", "rank", "rather", "than"]
    assert [row.split()[1] for row in rows[1:]] == line.split()[1:]
    assert [row.split()[0] for row in rows[1:]] == ["1", "2", "3", "4"]
    assert numbers == "the numbers are those of :why NUMBER and :branch NUMBER WORD"


def test_the_numbers_of_why_are_those_that_branch_takes(session: Screen) -> None:
    run(session, ":len 4", "china", ":more")
    *_, last, _ = run(session, ":why").splitlines()
    number, word = last.split()[:2]
    line = session.turns.require().line
    assert (number, word) == ("4", line.words[3].text)
    assert run(session, f":branch {number} {word}").strip() == line.text


def test_a_word_tells_how_much_of_it_came_from_n_grams(session: Screen) -> None:
    mixed = with_ngrams(random_model(), ["china says war", "the war"], 0.5)
    session.generator = Generator(mixed, session.settings)
    session.console.print(word_table(replace(CHOICES[0], ngrams=0.25)))
    foot = session.shown()
    assert "* the line's own word, 25% of it from n-grams · 3 words left" in foot
    assert "% of it from n-grams" in run(session, ":len 2", "china", ":why 1")
    assert "n-grams" not in run(session, ":set ngram_weight 0", "china", ":why 1")


def test_where_models_take_turns_each_word_tells_whose_it_was(session: Screen) -> None:
    run(session, ":load 3*tiny+window", ":set ensemble turns", ":len 3", "china")
    heading, *rows, _ = run(session, ":why").splitlines()
    assert heading.split()[:3] == ["word", "whose", "turn"]
    assert [row.split()[2] for row in rows] == ["tiny", "window", "tiny"]
    heading, *_ = run(session, ":why 2").splitlines()
    assert heading.endswith("  the turn of window")
    mixed, *_ = run(session, ":set ensemble mix", "china", ":why").splitlines()[1:]
    assert mixed.split()[:2] == ["word", "before"]


def test_a_word_has_a_row_a_candidate(session: Screen) -> None:
    run(session, ":len 4", ":set top_k 2", "china")
    word = session.turns.require().line.words[1]
    shown = run(session, ":why 2 --top 6")
    heading, _, *rows, stages, more, other = shown.splitlines()
    assert heading == f"word 2  {word.text}"
    assert len(rows) >= 6
    chosen = [row for row in rows if row.startswith("*")]
    assert len(chosen) == 1
    assert word.text in chosen[0]
    assert sum("cut by top_k" in row for row in rows) >= 1
    assert f"{stages.rstrip()} {more}" == (
        "* the line's own word · 10 words left after bans · 10 after temperature · 2 after top_k"
    )
    assert other == ":branch 2 WORD takes another word here"


def test_a_branch_keeps_the_words_before_and_takes_the_one_that_was_named(session: Screen) -> None:
    first = run(session, ":len 6", "china").split()
    second = run(session, ":set rng 5", ":temp 3", ":branch 3 vote").split()
    assert second[:4] == [*first[:3], "vote"]
    assert len(second) == 7
    assert session.turns.require().settings.rng == 0


@pytest.mark.parametrize("setting", ["must war", "beam 3"])
def test_a_branch_of_a_line_that_was_searched_for_says_that_it_is_anew(
    session: Screen, setting: str
) -> None:
    run(session, ":len 6", f":set {setting}", "china")
    session.told()
    first = session.turns.require().line.words[0].text
    branched = run(session, ":branch 2 vote").split()
    assert branched[1:3] == [first, "vote"]
    assert " ".join(session.told().split()) == (
        "a search found this line, and searches anew for what follows: all of it may differ"
    )


def test_a_branch_of_a_line_that_was_drawn_has_nothing_to_add(session: Screen) -> None:
    run(session, ":len 6", "china")
    session.told()
    run(session, ":branch 2 vote")
    assert session.told() == ""


def test_a_branch_to_the_same_word_changes_nothing(session: Screen) -> None:
    first = run(session, ":len 6", ":set samples 3", "china").splitlines()
    session.turns.go("2")
    word = first[1].split()[3]
    assert run(session, f":branch 3 {word}").rstrip("\n") == first[1]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([":why"], "there is no line yet"),
        (["china", ":why 40"], "the current line has 3 new words, so there is no word 40"),
        (["china", ":why 0"], "so there is no word 0"),
        (["china", ":why 1 --top 0"], "--top must be at least 1"),
        (["china", ":branch 9 war"], "the current line has 3 new words, so there is no word 9"),
        (["china", ":branch 1 xyz"], "'xyz' is no word of the model"),
        (["china", ":branch 1 <unk>"], "'<unk>' is no word of the model"),
        (["china", ":branch one war"], "number must be a whole number, not 'one'"),
        ([":tree"], "there is no line yet"),
        ([":tree 0 3 china"], "a tree is at least 1 deep and 1 wide"),
        ([":tree 990 1 china"], "a tree is at most 100 words deep, not 990"),
    ],
)
def test_what_cannot_be_explained_is_said(session: Screen, lines: list[str], message: str) -> None:
    run(session, ":len 3", *lines)
    assert message in " ".join(session.told().split())


def test_the_tree_of_likely_continuations_is_drawn(session: Screen) -> None:
    shown = run(session, ":tree 2 2 china")
    assert shown.splitlines()[0] == "china"
    assert len(re.findall(r"^[├└]── \S+", shown, re.MULTILINE)) == 3
    assert shown.count("not shown") == 3
    assert shown.count("path") == 4


@pytest.mark.parametrize(
    ("typed", "depth", "width"), [("china", 3, 2), ("1 china", 1, 2), ("1 2 china", 1, 2)]
)
def test_a_tree_takes_its_size_a_seed_or_both(
    session: Screen, typed: str, depth: int, width: int
) -> None:
    shown = run(session, f":tree {typed}")
    assert shown.splitlines()[0] == "china"
    assert len(re.findall(r"^[├└]── (?!…)", shown, re.MULTILINE)) == width
    deepest = max(len(line) - len(line.lstrip("│├└─ ")) for line in shown.splitlines())
    assert deepest == 4 * depth


def test_unknown_words_of_a_tree_s_seed_are_named(session: Screen) -> None:
    shown = run(session, ":tree 1 2 china's zebra")
    assert shown.splitlines()[0] == "tiny does not know china's, zebra, so it starts from the beginning"
    assert shown.splitlines()[1] == "china's zebra"


def test_arrow_keys_choose_a_word_and_a_rival() -> None:
    chooser = Chooser(CHOICES)
    assert chooser.taken is None
    chooser.turn(1)
    assert chooser.taken == (1, 11)
    chooser.turn(-2)
    assert chooser.taken == (1, 12)
    chooser.move(1)
    assert chooser.taken is None
    chooser.turn(1)
    assert chooser.taken == (2, 20)
    chooser.turn(-1)
    assert chooser.place == 2
    chooser.move(1)
    assert chooser.choice.number == 2


def test_the_star_is_the_lines_own_word_and_the_arrow_what_enter_takes() -> None:
    def marks(marked: int | None) -> list[str]:
        screen = console()
        screen.print(word_table(CHOICES[1], marked))
        rows = screen.file.getvalue().splitlines()[2:5]  # type: ignore[attr-defined]
        return [row[:3].rstrip() for row in rows]

    assert marks(None) == ["", "", "*"]
    assert marks(0) == ["›", "", " *"]
    assert marks(2) == ["", "", "›*"]


@pytest.mark.parametrize(
    ("keys", "taken"),
    [
        (DOWN + "\r", (1, 11)),
        (UP + "\r", (1, 12)),
        (RIGHT + UP + "\r", (2, 20)),
        (RIGHT + LEFT + DOWN + DOWN + "\r", (1, 12)),
        ("\r" + DOWN + "\r", (1, 11)),
        ("q", None),
        ("\x1b", None),
        ("\x03", None),
        ("\x04", None),
    ],
)
def test_enter_takes_the_rival_and_escape_leaves(keys: str, taken: Taken | None) -> None:
    with create_pipe_input() as pipe:
        pipe.send_text(keys)
        assert choose("china", [" a", " e"], CHOICES, pipe, DummyOutput()) == taken


def test_at_a_terminal_the_line_opens_and_what_is_taken_is_gone_on_from(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(number: int, rival: int) -> Callable[..., Taken]:
        return lambda seed, pieces, choices, theme: (number, choices[number - 1].candidates[rival].id)

    session.interactive = True
    session.console = session.messages = console()
    run(session, ":len 4", "china")
    first = session.turns.require().line
    monkeypatch.setattr("repl.chooser.choose", take(2, 0))
    run(session, ":why")
    second = session.turns.require().line
    assert [word.id for word in second.words[:1]] == [word.id for word in first.words[:1]]
    assert second.words[1].rank == 1
    monkeypatch.setattr("repl.chooser.choose", lambda seed, pieces, choices, theme: None)
    assert run(session, ":why") == ""
    monkeypatch.setattr("repl.chooser.choose", take(1, 1))
    assert "is of another model; :load" in " ".join(run(session, ":load window", ":why").split())
    assert len(session.turns) == 2
