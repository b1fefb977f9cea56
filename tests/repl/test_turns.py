"""The session as a tree of lines: moving, adding, pruning, and every line again."""

import re
from pathlib import Path

import pytest
from rich.text import Text

from core.decoding.generator import Continuation, Seed
from core.errors import InputError
from core.library import bundle
from core.library.shelf import Shelf
from core.settings import SamplingSettings
from repl import turns as module
from repl.loop import run_script
from repl.pictures.turns import Standing, label
from repl.turns import ROOT, Turns
from tests.conftest import random_model
from tests.repl.conftest import Screen, console


def run(session: Screen, *lines: str) -> str:
    run_script(session, lines)
    return session.shown()


def grown(*parents: int) -> Turns:
    """Return a tree of one turn a parent given; those begun anew have one seed."""
    tree = Turns()
    for parent in parents:
        line = Continuation(Seed("the", (), ()), (), "the")
        tree.add([line], [], "0", SamplingSettings(), parent)
    return tree


def test_a_turn_added_is_the_current_one_and_they_are_counted_from_one() -> None:
    tree = grown(ROOT, ROOT, 1)
    assert [turn.number for turn in tree] == [1, 2, 3]
    assert tree.require().number == 3


def test_parent_child_and_sibling() -> None:
    tree = grown(ROOT, 1, 1, 2)
    assert tree.parent().number == 2
    assert tree.sibling(1).number == 3
    assert tree.sibling(1).number == 2
    assert tree.child(1).number == 4
    tree.go("1")
    assert tree.child(2).number == 3


@pytest.mark.parametrize(
    ("move", "message"),
    [
        (lambda tree: tree.parent(), "line 1 has no parent: it was begun with a seed"),
        (lambda tree: tree.child(2), "line 1 has 1 child, so there is no child 2; :more adds one"),
        (lambda tree: tree.child(0), "there is no child 0"),
        (lambda tree: tree.sibling(1), "line 1 has no siblings; :again adds one"),
        (lambda tree: tree.go("7"), "there is no line '7'"),
        (lambda tree: tree.bookmark("3"), "'3' cannot be a bookmark"),
    ],
)
def test_where_there_is_nothing_to_go_to_one_stays(move, message: str) -> None:
    tree = grown(ROOT, 1)
    tree.go("1")
    with pytest.raises(InputError, match=re.escape(message)):
        move(tree)
    assert tree.require().number == 1


def test_a_line_without_children_says_so() -> None:
    with pytest.raises(InputError, match="line 1 has no children, so there is no child 1; :more adds"):
        grown(ROOT).child(1)


def test_nothing_can_be_done_before_the_first_line() -> None:
    for move in (Turns().parent, Turns().require, lambda: Turns().prune("")):
        with pytest.raises(InputError, match="there is no line yet"):
            move()


def test_a_bookmark_is_a_name_that_one_line_has() -> None:
    tree = grown(ROOT, ROOT)
    tree.bookmark("best")
    tree.go("1")
    tree.bookmark("best")
    assert [turn.bookmark for turn in tree] == ["best", ""]
    assert tree.find("best").number == 1


def test_pruning_takes_what_goes_on_from_a_line_with_it() -> None:
    tree = grown(ROOT, 1, 2, 1, ROOT)
    tree.go("3")
    assert [turn.number for turn in tree.prune("2")] == [2, 3]
    assert [turn.number for turn in tree] == [1, 4, 5]
    assert tree.require().number == 1
    tree.prune("1")
    assert tree.require().number == 5
    tree.prune("")
    assert tree.current is None


def test_the_oldest_lines_are_forgotten_but_for_those_that_matter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LIMIT", 4)
    tree = grown(ROOT, ROOT, 2)
    tree.go("1")
    tree.bookmark("kept")
    for _ in range(3):
        line = Continuation(Seed("the", (), ()), (), "the")
        tree.add([line], [], "0", SamplingSettings(), ROOT)
    assert [turn.number for turn in tree] == [1, 4, 5, 6]


def test_of_a_chain_the_beginning_is_forgotten_and_what_follows_stands_alone(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIMIT", 3)
    run(session, ":len 2", "china", *[":more"] * 5)
    assert [(turn.number, turn.parent) for turn in session.turns] == [(4, ROOT), (5, 4), (6, 5)]
    assert session.turns.require().number == 6
    assert len(run(session, ":turns").splitlines()) == 1 + 3
    run(session, ":go 4", ":parent")
    assert "line 4 has no parent: it was begun with a seed" in session.told()
    assert run(session, ":replay 4").endswith("the same words again\n")


def test_the_current_line_knows_that_what_it_went_on_from_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LIMIT", 1)
    tree = grown(ROOT, 1)
    assert tree.require() in list(tree)
    assert tree.require().parent == ROOT


def test_long_lines_are_forgotten_by_the_memory_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MEMORY", 3 * 100 * module.READ)
    tree = Turns()
    for _ in range(5):
        line = Continuation(Seed("the", (), (1,) * 100), (), "the")
        tree.add([line], [], "0", SamplingSettings())
    assert [turn.number for turn in tree] == [3, 4, 5]


def test_the_first_of_many_long_lines_is_kept_as_the_current_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MEMORY", 2 * 100 * module.READ)
    tree = Turns()
    line = Continuation(Seed("the", (), (1,) * 100), (), "the")
    tree.add([line] * 5, [], "0", SamplingSettings())
    assert [turn.number for turn in tree] == [1, 5]
    assert tree.sibling(1).number == 5


def test_a_line_goes_on_until_it_is_long(session: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repl.commands.turns.LONGEST", 8)
    run(session, ":len 4", "china", ":more", ":more")
    assert " ".join(session.told().split()).endswith(
        "error: line 2 has 9 words, and only lines of less than 8 are gone on from; "
        "type the beginning of a new one"
    )
    assert len(session.turns) == 2
    run(session, ":again")
    assert len(session.turns) == 3


def test_again_is_a_sibling_with_the_next_random_numbers(session: Screen) -> None:
    first, second = run(session, ":len 6", "china", ":again").splitlines()
    assert first != second
    assert [turn.settings.rng for turn in session.turns] == [0, 1]
    assert [turn.parent for turn in session.turns] == [ROOT, ROOT]
    assert run(session, ":set rng 1", "china") == second + "\n"


def test_again_needs_something_to_be_drawn(session: Screen) -> None:
    run(session, ":greedy", "china", ":again")
    assert "nothing is drawn with these settings" in session.told()
    assert len(session.turns) == 1


def test_more_goes_on_from_the_end_of_the_line(session: Screen) -> None:
    first, second, third = run(session, ":len 4", "china", ":more", ":more").splitlines()
    assert second.startswith(first)
    assert third.startswith(second)
    assert len(third.split()) == 13
    assert [turn.parent for turn in session.turns] == [ROOT, 1, 2]


def test_samples_are_siblings_and_the_first_is_the_current_one(session: Screen) -> None:
    lines = run(session, ":len 3", ":set samples 4", "china").splitlines()
    assert [turn.line.text for turn in session.turns] == lines
    assert session.turns.require().number == 1
    assert lines[1] in run(session, ":sibling")


@pytest.mark.parametrize(
    "settings",
    [
        (),
        (":set samples 5",),
        (":set top_p 0.8", ":set mirostat 3"),
        (":greedy",),
        (":set samples 3", ":set ranked off"),
    ],
)
def test_every_line_can_be_replayed(session: Screen, settings: tuple[str, ...]) -> None:
    run(session, *settings, ":len 7", "china", ":more", ":branch 3 vote")
    assert not session.failed
    run(session, ":set samples 1", ":set rng 9", ":temp 2", ":len 3", ":load window")
    for turn in list(session.turns):
        line, told = run(session, f":replay {turn.number}").splitlines()
        assert (line, told) == (turn.line.text, "the same words again")


def test_a_line_of_another_model_is_not_gone_on_from_by_mistake(session: Screen) -> None:
    run(session, ":len 3", "china", ":load window", ":branch 1 war")
    assert "line 1 is of another model; :load tiny first" in session.told()
    assert run(session, ":more").split()[:2] == [
        "China",
        session.turns.find("1").line.words[0].text.title(),
    ]


def test_models_in_a_folder_with_a_plus_in_its_name_write_lines_that_can_be_replayed(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "a+b"
    for name, seed in (("one", 1), ("two", 2)):
        bundle.save(random_model(name=name, seed=seed), folder / name, "")
    session = Screen(console(), console(), interactive=False, shelf=Shelf([folder]))
    run(session, ":load 2*one+two", ":len 5", "china", ":load one")
    line, told = run(session, ":replay").splitlines()
    assert (line, told) == (session.turns.require().line.text, "the same words again")
    session.told()
    run(session, ":branch 1 war")
    assert "line 1 is of another model; :load 2*one+1*two first" in session.told()


def test_a_line_is_replayed_from_where_its_model_was_moved_to(session: Screen) -> None:
    run(session, ":copy tiny mine", ":load mine", ":len 3", "china", ":load window")
    run(session, ":rename mine ours")
    assert run(session, ":replay").endswith("the same words again\n")


def test_again_on_another_model_goes_on_from_the_seed_with_the_same_random_numbers(
    session: Screen,
) -> None:
    run(session, ":len 3", "china", ":load window", ":again", ":load window")
    first, second = session.turns
    assert session.settings.rng == 0
    assert session.generator is not None and second.is_of(session.generator.model)
    assert not first.is_of(session.generator.model)
    assert session.turns.siblings(second) == [first, second]
    run(session, "china")
    assert session.turns.require().line.text == second.line.text


def test_a_line_cut_short_among_ranked_samples_is_replayed_whole(session: Screen) -> None:
    run(session, ":len 2", ":set samples 4", ":set top_k 2")
    generator = session.require_generator()
    seed = generator.read_seed("china")
    words = list(generator.stream(seed))[:6]
    session.remember(generator, generator.gather(seed, words), (), ROOT)
    for turn in list(session.turns):
        line, _ = run(session, f":replay {turn.number}").splitlines()
        assert line.startswith(turn.line.text)
        assert len(line.split()) == 3


@pytest.mark.parametrize("command", [":greedy", ":temp 0"])
def test_a_schedule_gives_way_to_one_temperature(session: Screen, command: str) -> None:
    run(session, ":len 5", ":set schedule 3,3", command, "china", ":again")
    assert "nothing is drawn" in session.told()
    assert run(session, ":temp hot") == ""
    assert session.settings.temperature == 0


def picture_of(session: Screen) -> Text:
    return label(session.turns.require(), current=True)


def test_a_long_chain_is_drawn_as_far_as_people_read(session: Screen) -> None:
    run(session, ":len 1", "china", *[":more"] * 30)
    shown = run(session, ":turns").splitlines()
    assert len(shown) == 1 + 8 + 1
    assert shown[-1].endswith("… 23 more below")


def test_the_tree_is_drawn(session: Screen) -> None:
    run(session, ":len 2", "china", ":more", ":bookmark end", ":go 1", ":again")
    shown = run(session, ":turns")
    lines = [turn.line.text for turn in session.turns]
    assert shown.splitlines() == [
        "this session",
        f"├── 1 {lines[0]}",
        f"│   └── 2 …{lines[1].removeprefix(lines[0])}  [end]",
        f"└── * 3 {lines[2]}",
    ]
    assert picture_of(session).plain == f"* 3 {lines[2]}"
    assert [span.style for span in picture_of(session).spans][:2] == ["name", "muted"]
    assert not picture_of(session).style
    assert run(session, ":prune 1") == ""
    assert "2 lines removed; line 3 is the current one" in session.told()


def test_an_empty_tree_says_what_to_do(session: Screen) -> None:
    assert run(session, ":turns") == "there is no line yet; type the beginning of one\n"


def test_a_line_that_one_goes_to_wraps_beside_its_number(session: Screen) -> None:
    run(session, ":len 30", "china", "china")
    words = session.turns.go("1").line.text.split()
    screen = console(40)
    screen.print(Standing(session.turns.require()))
    first, *rest = screen.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert first.startswith("* 1  china ")
    assert all(row.startswith("     ") and row[5] != " " for row in rest)
    assert " ".join([first, *rest]).split() == ["*", "1", *words]


def test_in_a_pipe_it_is_one_line(session: Screen) -> None:
    session.console.soft_wrap = True
    run(session, ":len 30", "china")
    shown = run(session, ":go 1")
    assert shown == f"* 1 {session.turns.require().line.text}\n"
