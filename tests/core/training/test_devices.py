"""Which GPU a worker takes; no machine here has one, so TensorFlow's list of them is a fake."""

from dataclasses import dataclass
from typing import Any

import pytest

tf = pytest.importorskip("tensorflow")

from core.training import devices  # noqa: E402


@dataclass(frozen=True)
class Gpu:
    """A device as TensorFlow describes one."""

    name: str


@pytest.fixture
def visible(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was made visible, on a machine with two GPUs."""
    chosen: list[Any] = []
    gpus = [Gpu("A100"), Gpu("T4")]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda found, kind: chosen.extend(found))
    monkeypatch.setattr(tf.config.experimental, "set_memory_growth", lambda device, on: None)
    monkeypatch.setattr(
        tf.config.experimental, "get_device_details", lambda device: {"device_name": device.name}
    )
    monkeypatch.setattr(tf.config.threading, "set_intra_op_parallelism_threads", lambda count: None)
    return chosen


def test_one_worker_takes_the_first_and_says_what_is_idle(visible: list[Any]) -> None:
    told = devices.use()
    assert told == "computes on GPU A100, and 1 more would be used with --workers 2"
    assert visible == [Gpu("A100")]


@pytest.mark.parametrize(("number", "name"), [(0, "A100"), (1, "T4"), (2, "A100")])
def test_workers_of_one_machine_take_turns(visible: list[Any], number: int, name: str) -> None:
    assert devices.use(number, 3) == f"computes on GPU {name}"
    assert visible == [Gpu(name)]


def test_a_plain_cpu_is_not_worth_a_word() -> None:
    if tf.config.list_physical_devices("GPU"):
        pytest.skip("this machine has a GPU")
    assert devices.use() is None
