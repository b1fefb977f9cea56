"""Numbers as people see them: bars of block characters, percentages, short fractions, norms, bits."""

EIGHTHS = " ▏▎▍▌▋▊▉█"

ROUNDING = 1e-9
"""Bits below which a difference is what adding numbers up leaves, and nothing that a model does."""


def bar(share: float, width: int) -> str:
    """Draw a share from 0 to 1 as a bar in `width` cells, to an eighth of a cell, and pad it."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    whole, part = divmod(eighths, 8)
    return (EIGHTHS[8] * whole + EIGHTHS[part] * (part > 0)).ljust(width)


def percent(share: float) -> str:
    """Write a share for people: 34%, 3.4%, 0.34%, and what is less as below 0.01%."""
    if share > 0.9995:
        return "100%"
    if share >= 0.0995:
        return f"{share:.0%}"
    if share >= 0.00995:
        return f"{share:.1%}"
    return f"{share:.2%}" if share >= 0.0001 else "<0.01%" if share > 0 else "0%"


def fraction(value: float) -> str:
    """Write a number from 0 to 1 in three places: .55, and 1.0 where it is one."""
    text = f"{value:.2f}"
    return text[1:] if text.startswith("0") else text[:3]


def signed(value: float) -> str:
    """Write an activation from -1 to 1 with its sign, if it has one after rounding."""
    text = f"{value:+.2f}"
    return text if text.strip("+-0.") else "0.00"


def norm(value: float) -> str:
    """Write a norm with as many places as it deserves."""
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}"


def bits(value: float) -> str:
    """Write bits so that small ones are still told apart, but not what rounding leaves."""
    if value < ROUNDING:
        return "0"
    if value < 1e-4:
        return f"{value:.0e}"
    return f"{value:.3f}" if value >= 0.01 else f"{value:.4f}"
