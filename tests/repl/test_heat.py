"""Lines in colour at the prompt, and the user's own text scored."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.decoding.generator import Generator, Seed, Word
from core.insight.line import read_line
from core.insight.scoring import score
from repl.loop import run_script
from tests.repl.conftest import Screen, console

SIGNS = re.compile("[²³⁺?]")


def run(session: Screen, *lines: str) -> str:
    run_script(session, lines)
    return session.shown()


@pytest.fixture
def terminal(session: Screen) -> Screen:
    session.interactive = True
    session.messages = session.console = console()
    return session


def test_in_a_pipe_lines_get_signs_and_the_rest_is_a_message(session: Screen) -> None:
    plain = run(session, ":len 6", "china").strip()
    session.told()
    heated = run(session, ":heat on", "china").strip()
    assert SIGNS.sub("", heated) == plain
    assert SIGNS.search(heated)
    told = session.told()
    assert told.startswith("heat rank\nrank above 10 ², 100 ³, 1,000 ⁺\n")
    assert told.count("rank above 10 ², 100 ³, 1,000 ⁺") == 2
    assert re.search(r"perplexity [\d.,]+ with the seed · most surprising \w+ +[\d.]+%, rank \d+", told)


def test_off_makes_lines_plain_again(session: Screen) -> None:
    plain = run(session, ":len 6", "china")
    assert run(session, ":heat probability", ":heat off", "china") == plain
    assert session.heat is None
    assert "heat off" in session.told()


def test_words_come_one_by_one_as_they_are_drawn_when_they_are_finished(terminal: Screen) -> None:
    shown = run(terminal, ":len 30", ":heat on", "china says zzz")
    streamed = " ".join(shown.split("instead\n")[1].split("perplexity")[0].split())
    finished = " ".join(run(terminal, ":heat").split("perplexity")[0].split())
    assert streamed == finished
    assert streamed.startswith("china")
    assert "zzz?" in streamed


def test_below_the_line_stand_summary_legend_and_status_in_this_order(terminal: Screen) -> None:
    shown = run(terminal, ":len 3", ":heat rank", "china")
    rows = [row.rstrip() for row in shown.splitlines() if row.strip()]
    line, summary, legend, status = rows[-4:]
    assert line.startswith("  china")
    assert summary.startswith("  perplexity ")
    assert legend == "  rank above 10 ², 100 ³, 1,000 ⁺"
    assert status.startswith("  tiny · 3 words")


def test_several_samples_are_numbered_each_with_its_summary(terminal: Screen) -> None:
    shown = run(terminal, ":len 2", ":set samples 3", ":heat on", "china").split("1,000 ⁺")[1]
    assert re.findall(r"^ +(\d)  china", shown, re.MULTILINE) == ["1", "2", "3"]
    assert shown.count("perplexity") == 3


def test_a_seed_that_is_not_read_stays_plain(terminal: Screen) -> None:
    shown = run(terminal, ":len 2", ":heat on", "zzz")
    assert re.search(r"^  zzz \w", shown, re.MULTILINE)
    assert "zzz?" not in shown


def test_ctrl_c_keeps_what_was_drawn(terminal: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    def two_words(
        self: Generator, seed: Seed, forced: tuple[int, ...] = (), first: int = 0
    ) -> Iterator[Word]:
        ids = self.vocabulary.ids
        yield Word("war", " war", 0.5, 1, id=ids["war"])
        yield Word("vote", " vote", 0.5, 1, id=ids["vote"])
        raise KeyboardInterrupt

    monkeypatch.setattr(Generator, "stream", two_words)
    shown = run(terminal, ":heat on", "china")
    assert re.search(r"  china[²³]? war vote\n  perplexity", shown)
    assert "interrupted" in shown
    assert not terminal.failed


def test_heat_alone_shows_the_current_line_once(session: Screen) -> None:
    line = run(session, ":len 3", "china").strip()
    shown = run(session, ":heat")
    assert SIGNS.sub("", shown.splitlines()[0]) == line
    assert run(session, "china").strip() == line
    run(session, ":load window", ":heat")
    assert not session.failed


def test_a_score_tells_what_the_core_finds(session: Screen) -> None:
    shown = run(session, ":score the war says")
    generator = session.require_generator()
    expected = score(generator, read_line(generator, "the war says"))
    rows = [row.split() for row in shown.splitlines()]
    for word in expected.words:
        row = next(row for row in rows if SIGNS.sub("", row[0]) == word.text and len(row) == 4)
        assert row[2:] == [f"{word.rank:,}", f"{word.entropy:.2f}"]
    assert f"perplexity {expected.perplexity:.1f} of the whole line · " in shown


def test_an_apostrophe_belongs_to_its_word(session: Screen) -> None:
    shown = run(session, ":score china's war isn't")
    assert "china's, isn't counted as an unknown word" in shown


def test_a_score_without_a_text_is_about_the_current_line(session: Screen) -> None:
    run(session, ":score")
    assert "there is no line yet" in session.told()
    line = run(session, ":len 3", "china").split()
    shown = run(session, ":score")
    assert SIGNS.sub("", shown.splitlines()[0]).split() == line
    assert "entropy" in shown


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (":heat blue", "heat must be one of on, off, rank, probability, not 'blue'"),
        (":heat", "there is no line yet"),
        (":score zzz qqq", "tiny knows no word of 'zzz qqq'; give it others"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_sentence(session: Screen, line: str, message: str) -> None:
    run(session, line)
    assert message in " ".join(session.told().split())
    assert session.failed


def test_the_log_holds_colours_or_signs(session: Screen, tmp_path: Path) -> None:
    run(session, ":len 6", ":heat on", "china", f":log {tmp_path}/a.html", f":log {tmp_path}/a.txt")
    assert not SIGNS.search((tmp_path / "a.html").read_text())
    assert "background-color" in (tmp_path / "a.html").read_text()
    assert "²" in (tmp_path / "a.txt").read_text()
