"""Memory that decoding gives back it needs again a moment later; so the process keeps it."""

import numpy as np

KEPT = 30 << 20
"""Bytes; glibc takes no hint from blocks of 32 MiB and more."""


def keep() -> None:
    """Let the C library keep freed memory of the size of our arrays, where it is glibc.

    It returns what exceeds 128 KiB to the system with every free, and getting it back costs more than
    most filters do. Freeing a large block, which nobody needs to have written to, raises that limit.
    """
    np.empty(KEPT, np.uint8)
