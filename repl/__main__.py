"""The `headlong` command. Kept tiny, because what it imports is what every start pays for."""

import gc
import os
import sys
from collections.abc import Mapping
from pathlib import Path

THREADS = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
"""How a user says how many threads numpy is to have."""

OPENBLAS = {"OPENBLAS_NUM_THREADS": "1", "OPENBLAS_THREAD_TIMEOUT": "20"}
"""How numpy starts: with one thread, as starting more takes 0.05 s of a core, and small products gain
nothing from them. Those that large ones get (`core.decoding.products`) wait awake for the next word,
2 ** 20 ticks or 0.3 ms, and not for 2 ** 26 as by default."""


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
    import_numpy()
    from repl import cli, cli_comparing, cli_config, cli_inside, cli_looking, cli_measuring, cli_shelf
    from repl.cli_base import app

    # They fill the app with its commands.
    assert all((cli, cli_looking, cli_comparing, cli_measuring, cli_inside, cli_shelf, cli_config))
    app()


def import_numpy() -> None:
    """Import numpy with `OPENBLAS`, but for what the user has set.

    The variables go again once they are read: a trainer gains from threads of its own.
    """
    added = openblas(os.environ)
    os.environ |= added
    import numpy

    assert numpy
    for name in added:
        del os.environ[name]


def openblas(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what is to be added of `OPENBLAS`; its own variable would go before the two others."""
    chosen = any(name in environment for name in THREADS)
    return {
        name: value
        for name, value in OPENBLAS.items()
        if name not in environment and not (chosen and name in THREADS)
    }


if __name__ == "__main__":
    main()
