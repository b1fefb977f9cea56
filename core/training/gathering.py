"""Brings the workers of a training together: one alone, several on this machine, or a cluster's.

TensorFlow is imported where the returned functions are called, and not before.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from core.errors import HeadlongError, TrainingError
from core.training.cluster import Cluster
from core.training.companions import Companions
from core.training.dataset import Dataset
from core.training.events import Notice
from core.training.job import Job
from core.training.keeper import Report
from core.training.team import Team

Join = Callable[[], Team]


@contextmanager
def gathered(
    job: Job, cluster: Cluster | None, stopping: threading.Event, report: Report
) -> Iterator[Join]:
    """Start the other workers of this machine; yield what waits for all and returns the chief's team.

    Raises:
        TrainingError: they cannot be started.
    """
    if cluster is not None:
        yield lambda: in_cluster(cluster, stopping, report)
    elif job.workers > 1:
        with Companions(job) as companions:
            yield lambda: _with(companions, job.workers, stopping, report)
    else:
        yield lambda: _alone(stopping, report)


def in_cluster(cluster: Cluster, stopping: threading.Event, report: Report) -> Team:
    """Wait for the other hosts of a cluster.

    Raises:
        TrainingStopped: somebody asked to stop meanwhile.
        TrainingError: they cannot be connected.
    """
    number, size = cluster.index + 1, cluster.size
    others = [a for index, a in enumerate(cluster.addresses) if index != cluster.index]
    report(Notice(f"worker {number} of {size} waits for {', '.join(others)}"))
    from core.training import devices
    from core.training.strategy import Strategy

    told = devices.use(*cluster.on_this_host)
    team = Team(stopping.is_set, Strategy(cluster, stopping.is_set))
    where = "" if cluster.index == 0 else f"; worker 1, {cluster.chief}, saves the model"
    report(Notice(f"trains on {size} workers{where}"))
    _tell(told, report)
    return team


def _with(companions: Companions, size: int, stopping: threading.Event, report: Report) -> Team:
    from core.training import devices

    told = devices.use(0, size)
    team = Team(stopping.is_set, companions.connect(stopping.is_set))
    report(Notice(f"trains on {size} workers"))
    _tell(told, report)
    return team


def _alone(stopping: threading.Event, report: Report) -> Team:
    from core.training import devices

    _tell(devices.use(), report)
    return Team(stopping.is_set)


def _tell(text: str | None, report: Report) -> None:
    if text:
        report(Notice(text))


@contextmanager
def faults_told(join: Join, cluster: Cluster | None, report: Report) -> Iterator[None]:
    """Tell the other hosts why the chief cannot begin: they wait for it, and would do so for ever."""
    try:
        yield
    except HeadlongError as error:
        if cluster is not None:
            report(Notice(f"this worker cannot begin, and tells the others why: {error}"))
            with suppress(HeadlongError):
                join().agree(str(error))
        raise


def check_lines(dataset: Dataset, workers: int) -> None:
    """See that every worker gets a line to learn.

    Raises:
        TrainingError: there are fewer lines than workers.
    """
    if workers > dataset.lines:
        raise TrainingError(
            f"{workers} workers are to learn from {dataset.lines} lines; "
            f"take {dataset.lines} workers at most"
        )
