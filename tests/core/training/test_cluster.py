"""TF_CONFIG: what it says, and what is said where it says nothing that makes sense."""

import json

import pytest

from core.errors import SettingError
from core.training.cluster import Cluster, of_environment
from core.training.job import check_workers

HOSTS = ["one:2222", "two:2222", "one:2223"]


def config(cluster: object, kind: object = "worker", index: object = 0) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})}


def test_a_cluster_of_workers() -> None:
    cluster = of_environment(config({"worker": HOSTS}, index=2))
    assert cluster == Cluster(tuple(HOSTS), 2)
    assert (cluster.size, cluster.chief, cluster.on_this_host) == (3, "one:2222", (1, 2))


@pytest.mark.parametrize(("kind", "index", "place"), [("chief", 0, 0), ("worker", 1, 2)])
def test_a_chief_of_its_own_is_the_first(kind: str, index: int, place: int) -> None:
    cluster = of_environment(config({"worker": HOSTS[1:], "chief": HOSTS[:1]}, kind, index))
    assert cluster == Cluster(tuple(HOSTS), place)


def test_without_it_or_with_one_worker_there_is_no_cluster() -> None:
    assert of_environment({}) is None
    assert of_environment({"TF_CONFIG": " "}) is None
    assert of_environment(config({"worker": ["one:2222"]})) is None


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"TF_CONFIG": "two hosts"}, "it is not JSON, but was 'two hosts'"),
        ({"TF_CONFIG": "[" * 9000}, "it is not JSON, but was"),
        ({"TF_CONFIG": "[]"}, "it has no \"cluster\", but was '[]'"),
        ({"TF_CONFIG": '{"cluster": {}}'}, 'it has no "task", but was'),
        (config({}), "it must name workers, each once, and one chief at most"),
        (config({"worker": ["a:1", "a:1"]}), "it must name workers, each once"),
        (config({"worker": ["a:1"], "chief": ["b:1", "c:1"]}), "one chief at most"),
        (config({"worker": ["a"]}), "an address must be host:port, but was 'a'"),
        (config({"worker": ["a:70000"]}), "an address must be host:port, but was 'a:70000'"),
        (config({"worker": [7]}), "an address must be host:port, but was '7'"),
        (config({"worker": "a:1", "ps": ["b:1"]}), "other tasks than worker and chief, but was 'ps'"),
        (config({"worker": HOSTS}, index=3), "its task is none of its cluster"),
        (config({"worker": HOSTS}, index=-1), "its task is none of its cluster"),
        (config({"worker": HOSTS}, index=True), "its task is none of its cluster"),
        (config({"worker": HOSTS}, index="0"), "its task is none of its cluster"),
        (config({"worker": HOSTS}, "chief"), "its task is none of its cluster"),
        (config({"worker": HOSTS}, None), "its task is none of its cluster"),
    ],
)
def test_what_is_no_cluster_is_said_in_one_sentence(environment: dict[str, str], reason: str) -> None:
    with pytest.raises(SettingError) as caught:
        of_environment(environment)
    text = str(caught.value)
    assert text.startswith("the environment variable TF_CONFIG describes no cluster: ")
    assert reason in text
    assert '; unset it, or set it to such as {"cluster":' in text
    assert len(text) < 400


@pytest.mark.parametrize("asked", ["0", "-1", "65", "two", "1.5", ""])
def test_a_number_of_workers_that_cannot_be(asked: str) -> None:
    with pytest.raises(
        SettingError, match=f"--workers takes a whole number from 1 to 64, not '{asked}'"
    ):
        check_workers(asked, None)


def test_a_number_of_workers_goes_with_the_cluster() -> None:
    cluster = Cluster(tuple(HOSTS), 0)
    assert check_workers(None, cluster) is None
    assert check_workers("3", cluster) == 3
    with pytest.raises(
        SettingError, match="--workers says 2, and TF_CONFIG names 3; leave out --workers"
    ):
        check_workers("2", cluster)
