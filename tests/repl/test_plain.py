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
