"""Shares as numbers and bars, the same everywhere."""

EIGHTHS = " ▏▎▍▌▋▊▉█"


def percent(share: float) -> str:
    """Write a share for people: 34%, 3.4%, 0.34%, and what is less as below 0.01%."""
    if share > 0.9995:
        return "100%"
    if share >= 0.0995:
        return f"{share:.0%}"
    if share >= 0.00995:
        return f"{share:.1%}"
    return f"{share:.2%}" if share >= 0.0001 else "<0.01%" if share > 0 else "0%"


def bar(share: float, width: int = 10) -> str:
    """Draw a share as a bar of at most `width` columns, to an eighth of a column."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")
