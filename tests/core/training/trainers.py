"""Real trainers on a few lines, on this machine alone or as the hosts of a cluster."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.training import events
from core.training.events import Event
from core.training.job import Job
from core.training.loopback import ADDRESS

SECONDS = 100.0
"""After which a trainer is killed."""


@dataclass
class Ended:
    """What a trainer reported, and whether it failed."""

    events: list[Event]
    status: int


@dataclass
class Host:
    """A trainer process with a home of its own."""

    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    @property
    def weights(self) -> Path:
        """Where it leaves its weights at the end."""
        return self.home / "weights.npz"

    def start(self, job: Job) -> "Host":
        """Start to train."""
        self.home.mkdir(exist_ok=True)
        homes = {f"XDG_{kind}_HOME": str(self.home / kind.lower()) for kind in ("DATA", "STATE")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.core.training.dumping", str(self.weights)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | homes | dict(self.environment) | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self.say(job.to_json())
        return self

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def until(self, kind: type[Event]) -> Event:
        """Return the next event of a kind."""
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            event = events.parse(line)
            if isinstance(event, kind):
                return event
        raise AssertionError(f"no {kind.__name__}")

    def end(self) -> Ended:
        """Wait for its end."""
        assert self.process is not None
        assert self.process.stdout is not None
        timer = threading.Timer(SECONDS, self.process.kill)
        timer.start()
        try:
            found = [events.parse(line) for line in self.process.stdout]
            status = self.process.wait()
        finally:
            timer.cancel()
            self.kill()
        return Ended([event for event in found if event is not None], status)

    def kill(self) -> None:
        """End it at once."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


def cluster(homes: list[Path]) -> list[Host]:
    """Return the hosts of a cluster, all of them this machine."""
    sockets = [socket.create_server((ADDRESS, 0)) for _ in homes]
    addresses = [f"{ADDRESS}:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    hosts = []
    for index, home in enumerate(homes):
        task = {"type": "worker", "index": index}
        config = json.dumps({"cluster": {"worker": addresses}, "task": task})
        hosts.append(Host(home, {"TF_CONFIG": config}))
    return hosts
