"""What a sweep goes through, as people type it: `0.2..1.4`, `1..50`, `1..9..2`, `off,5,40`, `on,off`.

A range of a low and a high end alone takes about seven round values between them: evenly, or by
factors where the high end is from `WIDE` to `WIDEST` times the low one.
"""

import math
from collections.abc import Iterable, Iterator
from decimal import Decimal

from core.errors import SettingError
from core.setting import Setting, Value

MOST = 100
"""Values of one sweep at most."""

ABOUT = 7
"""How many values a range without a step takes, if round ones allow."""

WIDE = 50
WIDEST = 10**10
"""Where factors of ten would take more than a dozen values, steps are even again."""

HOW = "a range is typed LOW..HIGH or LOW..HIGH..STEP, single values with commas between them"


def read_values(setting: Setting, text: str) -> tuple[Value, ...]:
    """Return the values that `text` names, each once; those of several words with `;` between them.

    Raises:
        SettingError: a value that the setting does not take, a range without an end or with a step that
            leads nowhere, or more than `MOST` values.
    """
    ranged = ".." in text and setting.kind in (int, float) and not setting.many
    values = _range(setting, text) if ranged else _listed(setting, text)
    return tuple(dict.fromkeys(values))


def _listed(setting: Setting, text: str) -> list[Value]:
    parts = text.split(";" if setting.many or (setting.kind is str and ";" in text) else ",")
    _check_number(len(parts))
    return [setting.parse(part) for part in parts]


def _range(setting: Setting, text: str) -> list[Value]:
    low, high, *step = parts = text.split("..")
    if len(parts) > 3 or not all(part.strip() for part in parts):
        raise SettingError(f"{HOW}, not {text!r}")
    first, last = (_number(setting, part) for part in (low, high))
    steps = _stepped(setting, first, last, step[0]) if step else _rounded(setting, first, last)
    whole = setting.kind is int
    return [setting.check(int(value) if whole else float(value)) for value in steps]


def _number(setting: Setting, text: str) -> Decimal:
    value = setting.parse(text)
    if value is None:
        raise SettingError(f"a range goes from one number to another, and {text!r} is none; {HOW}")
    return Decimal(repr(value))  # so that 0.1 is a tenth, and three of them are 0.3


def _stepped(setting: Setting, first: Decimal, last: Decimal, text: str) -> list[Decimal]:
    try:
        step = float(text)
    except ValueError:
        step = math.nan
    whole = setting.kind is int
    if not 0 < step < math.inf or (whole and step != int(step)):
        kind = "a whole number" if whole else "a number"
        raise SettingError(f"the step of a range must be {kind} above 0, not {text!r}")
    exact = Decimal(repr(step))
    count = abs(last - first) / exact + 1
    _check_number(count)
    sign = 1 if last >= first else -1
    return [first + sign * exact * number for number in range(int(count))]


def _check_number(count: int | Decimal) -> None:
    if count > MOST:
        told = f"{int(count):,}" if count < 10**9 else "billions"
        raise SettingError(f"a sweep goes through {MOST} values at most, not {told}; take fewer")


def _rounded(setting: Setting, first: Decimal, last: Decimal) -> list[Decimal]:
    low, high = min(first, last), max(first, last)
    if low == high:
        return [low]
    wide = low > 0 and WIDE <= high / low <= WIDEST
    choices = _by_factors(low, high) if wide else _evenly(low, high, setting.kind is int)
    values = min(choices, key=lambda values: abs(len(values) - ABOUT))
    return values if last > first else values[::-1]


def _by_factors(low: Decimal, high: Decimal) -> Iterator[list[Decimal]]:
    """Yield ways from one end to the other by round numbers: 1 2 5 10, 1 3 10, or 1 10."""
    for digits in ((1, 2, 5), (1, 3), (1,)):
        tens = range(low.adjusted(), high.adjusted() + 1)
        yield _between(low, high, (Decimal(digit).scaleb(ten) for ten in tens for digit in digits))


def _evenly(low: Decimal, high: Decimal, whole: bool) -> Iterator[list[Decimal]]:
    """Yield ways of even steps: from the low end if that leads to the high one, else by multiples."""
    span = high - low
    for ten in range(span.adjusted() - 1, span.adjusted() + 1):
        for digit in (1, 2, 5):
            step = Decimal(digit).scaleb(ten)
            if step > span or (whole and step < 1):
                continue
            start = low if span % step == 0 else low // step * step
            yield _between(low, high, (start + step * n for n in range(int(span / step) + 2)))
    yield [low, high]


def _between(low: Decimal, high: Decimal, values: Iterable[Decimal]) -> list[Decimal]:
    return [low, *(value for value in values if low < value < high), high]
