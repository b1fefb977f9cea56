"""TF_CONFIG: which hosts train together, and which of them this is. No TensorFlow here."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import SettingError

VARIABLE = "TF_CONFIG"

EXAMPLE = (
    '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, "task": {"type": "worker", "index": 0}}'
)

LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Cluster:
    """The workers' addresses, `host:port` each, the chief's first; and which one this is."""

    addresses: tuple[str, ...]
    index: int

    @property
    def size(self) -> int:
        """How many workers there are."""
        return len(self.addresses)

    @property
    def chief(self) -> str:
        """The address of the worker that saves the model."""
        return self.addresses[0]

    @property
    def on_this_host(self) -> tuple[int, int]:
        """How many workers come before this one on the same host, and how many there are on it."""
        hosts = [address.rpartition(":")[0] for address in self.addresses]
        own = hosts[self.index]
        return hosts[: self.index].count(own), hosts.count(own)


def of_environment(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """Return the cluster that TF_CONFIG describes; None where it is not set, or names one worker.

    Raises:
        SettingError: it does not describe one.
    """
    text = environment.get(VARIABLE, "").strip()
    if not text:
        return None
    cluster = _parse(text)
    return cluster if cluster.size > 1 else None


def _parse(text: str) -> Cluster:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _wrong("it is not JSON", text) from error
    groups, task = (_member(record, name, text) for name in ("cluster", "task"))
    strange = groups.keys() - {"chief", "worker"}
    if strange:
        raise _wrong("its cluster holds other tasks than worker and chief", ", ".join(sorted(strange)))
    chiefs, workers = (_addresses(groups.get(kind, [])) for kind in ("chief", "worker"))
    addresses = (*chiefs, *workers)
    if not addresses or len(chiefs) > 1 or len(set(addresses)) < len(addresses):
        raise _wrong("it must name workers, each once, and one chief at most", groups)
    kind, index = task.get("type"), task.get("index")
    own = {"chief": chiefs, "worker": workers}.get(kind) if isinstance(kind, str) else None
    if not own or type(index) is not int or not 0 <= index < len(own):
        raise _wrong("its task is none of its cluster", task)
    return Cluster(addresses, index + (len(chiefs) if kind == "worker" else 0))


def _member(record: object, name: str, text: str) -> dict[str, object]:
    value = record.get(name) if isinstance(record, dict) else None
    if not isinstance(value, dict):
        raise _wrong(f'it has no "{name}"', text)
    return value


def _addresses(value: object) -> tuple[str, ...]:
    found = value if isinstance(value, list) else [value]
    for address in found:
        host, _, port = address.rpartition(":") if isinstance(address, str) else ("", "", "")
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise _wrong("an address must be host:port", address)
    return tuple(found)


def _wrong(reason: str, received: object) -> SettingError:
    quoted = received if isinstance(received, str) else json.dumps(received)
    if len(quoted) > LONGEST_QUOTE:
        quoted = quoted[:LONGEST_QUOTE] + " ..."
    return SettingError(
        f"the environment variable {VARIABLE} describes no cluster: {reason}, but was {quoted!r}; "
        f"unset it, or set it to such as {EXAMPLE}"
    )
