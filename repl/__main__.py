"""The `headlong` command. Kept tiny, because what it imports is what every start pays for."""

import gc
import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command line; Ctrl-C while it is being imported ends it without a word."""
    try:
        _main()
    except KeyboardInterrupt:
        os._exit(130)


def _main() -> None:
    """Run the command line; `--version` answers before anything else is imported."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # started with it closed
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115  as long as we run
    if sys.argv[1:] == ["--version"]:
        from core import __version__

        sys.stdout.write(f"headlong {__version__}\n")
        return
    gc.disable()  # imports make no garbage, and looking for it takes 0.04 s; cli.py enables it again
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        # One row at a time gains nothing from threads, and starting them takes 0.15 s. A trainer
        # does gain, so the variable goes again once numpy has read it.
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        import numpy

        del os.environ["OPENBLAS_NUM_THREADS"], numpy
    from repl import cli, cli_inside, cli_shelf
    from repl.cli_base import app

    assert all((cli, cli_shelf, cli_inside))  # they fill the app with its commands, in this order
    app()


if __name__ == "__main__":
    main()
