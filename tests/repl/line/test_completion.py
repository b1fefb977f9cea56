import os
from datetime import datetime
from pathlib import Path

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from core.insight.following import following
from core.library.shelf import Shelf
from repl.commands import registry
from repl.line.completion import LineCompleter, candidates, takes_path
from repl.loop import dispatch, run_line
from tests.repl.conftest import Screen


def words(session: Screen, before: str) -> list[str]:
    """What the line would be up to the cursor if a candidate were taken, from its last space on."""
    offered = candidates(session, registry, before)
    taken = [before[: len(before) - word.replaces] + word.text for word in offered]
    return [line.rpartition(" ")[2] for line in taken]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (":lo", [":log", ":load"]),
        (":mod", [":models"]),
        (":length", [":len"]),
        (":mdl", [":models"]),
        (":load ti", ["tiny"]),
        (":load tiny t", []),
        (":load tiny+wi", ["tiny+window"]),
        (":load 0.7*ti", ["0.7*tiny"]),
        (":load 0.7*tiny+0.3*wi", ["0.7*tiny+0.3*window"]),
        (":export tiny+wi", []),
        (":set top", ["top_k", "top_p"]),
        (":help gree", ["greedy"]),
        (":len ", ["auto"]),
        (":set ensemble ", ["mix", "turns"]),
        (":set until", ["until_end"]),
        (":set ranked o", ["on", "off"]),
        (":set top_k 3 ", []),
        (":sweep temp", ["temperature"]),
        (":vs tiny wi", ["window"]),
        (":vs tiny window w", []),
        (":heat pr", ["probability"]),
        (":train f.csv --col", ["--column"]),
        (":train --re", ["--replace", "--resume"]),
        (":zzz a", []),
        ("china qqqqqqqqqq", []),
    ],
)
def test_what_could_come_next(session: Screen, before: str, expected: list[str]) -> None:
    assert words(session, before) == expected


def test_a_colon_offers_every_command_with_its_meaning(session: Screen) -> None:
    offered = candidates(session, registry, ":")
    assert [candidate.text[1:] for candidate in offered] == list(registry.commands)
    assert all(candidate.meaning for candidate in offered)


def test_options_are_offered_with_what_they_mean(session: Screen) -> None:
    offered = candidates(session, registry, ":train f.csv --co")
    assert [(word.text, word.meaning) for word in offered] == [
        ("--column", "the column of the text; guessed where that is obvious")
    ]


def test_saved_sessions_are_offered_by_name_first_and_with_their_time(
    session: Screen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repl.saving.files.sessions_directory", lambda: tmp_path)
    for name, written in (("last-0a0a0a", 86400), ("last-0b0b0b", 172800), ("monday", 0)):
        (tmp_path / f"{name}.json").write_text("{}")
        os.utime(tmp_path / f"{name}.json", (written, written))
    offered = candidates(session, registry, ":open ")
    assert [word.text for word in offered] == ["monday", "last-0b0b0b", "last-0a0a0a"]
    assert offered[0].meaning == f"saved {datetime.fromtimestamp(0):%Y-%m-%d %H:%M}"
    assert offered[1].meaning.startswith("saved itself 197")
    assert [word.text for word in candidates(session, registry, ":save ")] == ["monday"]


@pytest.mark.parametrize(("typed", "expected"), [("", ["a.csv"]), (".", [".git"])])
def test_hidden_files_are_offered_where_their_dot_is_typed(
    session: Screen, tmp_path: Path, typed: str, expected: list[str]
) -> None:
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.csv").touch()
    (tmp_path / "texts" / ".git").touch()
    document = Document(f":train {tmp_path}/texts/{typed}")
    offered = LineCompleter(session, registry).get_completions(document, CompleteEvent())
    assert [typed + completion.text for completion in offered] == expected


def test_models_are_offered_with_what_they_know(session: Screen) -> None:
    assert candidates(session, registry, ":load ti")[0].meaning == "14 words"


def test_a_setting_is_offered_with_what_it_means_and_its_values_with_what_they_are(
    session: Screen,
) -> None:
    assert (
        candidates(session, registry, ":set top_k")[0].meaning == "draw from the k likeliest words only"
    )
    session.configure(top_k=40)
    offered = candidates(session, registry, ":set top_k ")
    assert [(word.text, word.meaning) for word in offered][:2] == [
        ("40", "as it is now"),
        ("off", "the default"),
    ]


def test_lines_are_offered_by_bookmark_and_number_with_their_words(session: Screen) -> None:
    dispatch(session, "china")
    dispatch(session, ":bookmark best")
    dispatch(session, "war")
    lines = [turn.line.text for turn in session.turns]
    offered = candidates(session, registry, ":go ")
    assert [(word.text, word.meaning) for word in offered] == [("best", lines[0]), ("2", lines[1])]


def test_words_of_the_model_are_offered_in_a_seed_the_likeliest_first(session: Screen) -> None:
    offered = candidates(session, registry, "china w")
    likely = following(session.require_generator(), "china ", "w")
    assert [word.text for word in offered] == [word.word for word in likely]
    assert {"war", "why"} == {word.text for word in offered[:2]}
    assert offered[0].meaning.endswith("%")
    assert candidates(session, registry, "::china w") == offered


def test_without_a_model_a_seed_has_nothing_to_offer(session: Screen) -> None:
    session.generator = None
    assert candidates(session, registry, "china w") == []


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (":load ./m", True),
        (":load tiny ./m", False),
        (":train a.csv b", True),
        (":train --column x", False),
        (":import a --tokenizer b", True),
        (":log f", True),
        (":set top_k", False),
        (":load", False),
        ("a seed", False),
        (":zzz f", False),
    ],
)
def test_files_are_offered_where_a_command_takes_one(before: str, expected: bool) -> None:
    assert takes_path(registry, before) is expected


def test_what_fails_inside_a_completer_stays_there(
    session: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Shelf) -> list[str]:
        raise RuntimeError("a fault")

    monkeypatch.setattr(Shelf, "entries", broken)
    completer = LineCompleter(session, registry)
    assert list(completer.get_completions(Document(":load t"), CompleteEvent())) == []


def test_nobody_else_uses_the_model_while_words_are_looked_for(session: Screen) -> None:
    called: list[str] = []
    completer = LineCompleter(session, registry, lambda: called.append("alone"))
    for text, calls in (("the ", 1), ("::a", 1), (" :load ", 0)):
        called.clear()
        list(completer.get_completions(Document(text), CompleteEvent()))
        assert len(called) == calls, text


def test_a_path_with_blanks_is_offered_as_it_has_to_be_typed(session: Screen, tmp_path: Path) -> None:
    (tmp_path / "my 'own'").mkdir()
    (tmp_path / "my 'own'" / "two seeds.txt").write_text("china\nwar\n")
    completer, typed = LineCompleter(session, registry), f":run {tmp_path}/m"
    for end in ("/tw", ""):
        (found,) = completer.get_completions(Document(typed), CompleteEvent())
        assert found.start_position == 0
        typed += found.text + end
    assert not run_line(session, typed).went_wrong
    assert len(session.turns) == 2


def test_half_a_character_is_no_fault(session: Screen) -> None:
    session.load("window")  # whose cleaning writes bytes
    assert candidates(session, registry, "\ud800") == candidates(session, registry, "?")
