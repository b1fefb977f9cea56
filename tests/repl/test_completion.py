import pytest

from repl.commands import registry
from repl.completion import candidates
from tests.repl.conftest import Screen


def words(session: Screen, before: str) -> list[str]:
    return [candidate.text for candidate in candidates(session, registry, before)]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (":l", [":log", ":load", ":len"]),
        (":mod", [":models"]),
        (":load ti", ["tiny"]),
        (":load tiny t", []),
        (":load tiny+wi", ["tiny+window"]),
        (":load 0.7*ti", ["0.7*tiny"]),
        (":load 0.7*tiny+0.3*wi", ["0.7*tiny+0.3*window"]),
        (":export tiny+wi", []),
        (":set top", ["top_k", "top_p"]),
        (":help le", ["len"]),
        (":len ", ["auto"]),
        (":train f.csv --co", ["--column"]),
        (":train --re", ["--replace"]),
        (":zzz a", []),
        ("china sa", []),
        ("::lo", []),
        ("", []),
    ],
)
def test_what_could_come_next(session: Screen, before: str, expected: list[str]) -> None:
    assert words(session, before) == expected


def test_a_colon_offers_every_command_with_its_meaning(session: Screen) -> None:
    offered = candidates(session, registry, ":")
    assert [candidate.text[1:] for candidate in offered] == list(registry.commands)
    assert all(candidate.meaning for candidate in offered)
