"""The trainer's program, that leaves the weights it ends with in the file that is named."""

import sys

import numpy as np

from core.training import loop, worker
from core.training.history import Best


class Dumping(loop.Loop):
    """A loop that also writes what its network has learnt."""

    def outcome(self) -> Best:
        """See Loop."""
        np.savez(sys.argv[1], **self.network.weights())  # type: ignore[arg-type]
        return super().outcome()


if __name__ == "__main__":
    loop.Loop = Dumping  # type: ignore[misc]
    sys.exit(worker.main(["-"]))
