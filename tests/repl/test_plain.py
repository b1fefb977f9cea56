"""The prompt of nothing but text, its lines given by a list in place of a terminal."""

from collections.abc import Callable, Iterable

from repl.plain import MARK, run_plain
from tests.repl.conftest import Screen


def typed(lines: Iterable[str | BaseException | type[BaseException]]) -> Callable[[str], str]:
    rest = iter(lines)

    def read(mark: str) -> str:
        assert mark == MARK
        line = next(rest)
        if isinstance(line, str):
            return line
        raise line

    return read


def test_lines_are_run_until_ctrl_d(session: Screen) -> None:
    run_plain(session, typed([":len 2", "china", EOFError]))
    assert session.shown().startswith("china ")
    assert not session.leaving


def test_ctrl_c_drops_the_line_and_quit_leaves(session: Screen) -> None:
    run_plain(session, typed([KeyboardInterrupt, ":quit", "never read"]))
    assert session.leaving
    assert session.shown() == "\n"


def test_the_mark_is_ascii_and_moves_nothing() -> None:
    assert MARK.isascii()
    assert MARK.isprintable()


def test_why_shows_a_table_where_keys_cannot_choose(session: Screen) -> None:
    session.interactive = session.plain = True
    run_plain(session, typed([":len 2", "china", ":why", EOFError]))
    assert "before" in session.shown()
    assert not session.failed


def test_a_second_ctrl_c_while_the_first_is_told_costs_no_session(session: Screen) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    session.after_line = interrupted
    run_plain(session, typed([":len 2", "china", EOFError]))
    assert session.shown().split("\n")[1].startswith("china ")


def test_a_seed_to_be_edited_is_shown_where_it_cannot_stand_at_the_prompt(session: Screen) -> None:
    session.interactive = session.plain = True
    run_plain(session, typed([":len 2", "china", ":edit", EOFError]))
    assert session.shown().endswith("  china\n\n\n")
    assert session.pending == ""
