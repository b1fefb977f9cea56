"""The prompt without any of a terminal's arts: lines in, text out, for screen readers and TERM=dumb.

The terminal itself edits the line. No colour, no ghost text, no toolbar, no movement of the cursor.
"""

from collections.abc import Callable

from repl.loop import run_line
from repl.session import Session

MARK = "> "


def run_plain(session: Session, read: Callable[[str], str] = input) -> None:
    """Read and run lines until the user leaves; Ctrl-C drops the line, Ctrl-D leaves."""
    while not session.leaving:
        try:
            run_line(session, read(MARK))
        except KeyboardInterrupt:
            session.console.print()
        except EOFError:
            session.console.print()
            return
