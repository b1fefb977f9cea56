"""`python -m core.training.companion PORT INDEX SIZE`: one more worker, see companions."""

import os
import sys
import threading

from core.errors import HeadlongError
from core.training.job import Job
from core.training.lean import leave_out_unused
from core.training.loopback import Loopback
from core.training.opening import follow
from core.training.team import Team


def main(arguments: list[str]) -> int:
    """Train beside the chief, who tells the user what there is to tell; return the exit status."""
    port, index, size = map(int, arguments)
    key, job = bytes.fromhex(sys.stdin.readline()), Job.from_json(sys.stdin.readline())
    threading.Thread(target=_end_with_the_chief, daemon=True).start()
    from core.training import devices

    devices.use(index, size)
    try:
        loop = follow(job, lambda: Team(lambda: False, Loopback.join(index, size, port, key)))
        for _ in loop.run():
            pass
        loop.outcome()  # it may measure, which all do together
    except HeadlongError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _end_with_the_chief() -> None:
    sys.stdin.read()
    os._exit(1)  # nothing is lost: a companion writes no files


if __name__ == "__main__":
    leave_out_unused()
    sys.exit(main(sys.argv[1:]))
