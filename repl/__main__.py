"""The `headlong` command. Kept tiny, because what it imports is what every start pays for."""

import gc
import os
import sys


def main() -> None:
    """Run the command line; `--version` answers before anything else is imported."""
    if sys.argv[1:] == ["--version"]:
        from core import __version__

        sys.stdout.write(f"headlong {__version__}\n")
        return
    gc.disable()  # imports make no garbage, and looking for it takes 0.04 s; cli.py enables it again
    # One row at a time gains nothing from BLAS threads, and starting them takes 0.15 s.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from repl.cli import app

    app()


if __name__ == "__main__":
    main()
