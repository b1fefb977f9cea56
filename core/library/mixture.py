"""How several models are named as one: `a+b`, or `0.7*a+0.3*b`; `shelf` looks for them."""

from collections.abc import Iterable
from typing import NamedTuple

from core.errors import SettingError

MOST = 8
"""Models that speak as one, at most: each costs memory, and a step for every word."""

LIGHTEST, HEAVIEST = 1e-6, 1e6

_FORM = "it is written a+b, or 0.7*a+0.3*b"


class Part(NamedTuple):
    """One model of several, by name or path, and how much it counts beside the others."""

    weight: float
    name: str


def is_mixture(text: str) -> bool:
    """Say whether a name, if no model has it, may mean several."""
    return "+" in text


def parse(text: str) -> list[Part]:
    """Read `0.7*a+0.3*b`; a model without a weight has weight 1.

    Raises:
        SettingError: a name is missing, a weight is none, or there are too many models.
    """
    parts = text.split("+")
    if len(parts) > MOST:
        raise SettingError(f"at most {MOST} models speak as one, not {len(parts)}")
    return [_part(text, part) for part in parts]


def write(parts: Iterable[Part]) -> str:
    """Write models as `parse` reads them; weights that are equal are left out."""
    parts = list(parts)
    if len({part.weight for part in parts}) == 1:
        return "+".join(part.name for part in parts)
    return "+".join(f"{part.weight:.15g}*{part.name}" for part in parts)


def _part(text: str, part: str) -> Part:
    weight, star, name = part.partition("*")
    if not star:
        weight, name = "1", part
    if not name.strip():
        raise SettingError(f"a model is missing in {text!r}; {_FORM}")
    return Part(_weight(weight.strip()), name.strip())


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    if not LIGHTEST <= weight <= HEAVIEST:  # nor is nan
        raise SettingError(f"a weight is a number from 0.000001 to 1,000,000, not {text!r}; {_FORM}")
    return weight
