"""Hosts that wait for one another before TensorFlow does."""

import socket
import threading

import pytest

from core.errors import TrainingError, TrainingStopped
from core.training.cluster import Cluster
from core.training.rendezvous import meet


@pytest.fixture
def addresses() -> tuple[str, str]:
    """Two addresses of this machine that nobody uses."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        first, second = (f"127.0.0.1:{each.getsockname()[1]}" for each in (one, two))
    return first, second


def test_both_go_on_when_both_are_there(addresses: tuple[str, str]) -> None:
    met = []

    def second() -> None:
        meet(Cluster(addresses, 1), lambda: False)
        met.append(2)
        with socket.create_server(("127.0.0.1", int(addresses[1].split(":")[1]))):  # as TensorFlow does
            done.wait(10)

    done = threading.Event()
    thread = threading.Thread(target=second)
    thread.start()
    assert met == []
    meet(Cluster(addresses, 0), lambda: False)
    server = socket.create_server(("127.0.0.1", int(addresses[0].split(":")[1])))
    done.set()
    thread.join(10)
    server.close()
    assert met == [2]


def test_who_waits_alone_can_be_stopped(addresses: tuple[str, str]) -> None:
    asked = iter([False, False, True])
    with pytest.raises(TrainingStopped, match="stopped before it began"):
        meet(Cluster(addresses, 0), lambda: next(asked))


def test_a_port_that_is_taken(addresses: tuple[str, str]) -> None:
    port = int(addresses[0].split(":")[1])
    with (
        socket.create_server(("", port)),
        pytest.raises(
            TrainingError, match=f"port {port}, which TF_CONFIG gives this worker, cannot be used: "
        ),
    ):
        meet(Cluster(addresses, 0), lambda: False)
