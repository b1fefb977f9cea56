"""Logits to logits: which words may be drawn, and how sharply.

Each filter is a pure function on an array (rows, vocabulary); a removed word has -inf. They run in one
order - bans, temperature, top-k, top-p, then the draw - and every one leaves at least one word a row.
"""

import numpy as np
from numpy.typing import NDArray

from core.settings import SamplingSettings

Logits = NDArray[np.floating]

COLDEST = 1e-6
"""Below this temperature the likeliest word has it all, and dividing would leave float32's range."""


def ban(logits: Logits, ids: NDArray[np.intp]) -> Logits:
    """Remove `ids` from every row."""
    logits = logits.copy()
    logits[:, ids] = -np.inf
    return logits


def temperature(logits: Logits, value: float) -> Logits:
    """Divide by `value`: below 1 sharpens, above 1 flattens; 0 leaves the likeliest word alone."""
    if value < COLDEST:
        return top_k(logits, 1)
    return logits / value


def top_k(logits: Logits, k: int) -> Logits:
    """Keep the `k` likeliest words of each row (Fan et al. 2018); of equals, the lower ids."""
    size = logits.shape[1]
    if k >= size:
        return logits
    if k == 1:
        kept = logits.argmax(axis=1)[:, None]
    else:
        # A stable sort of the few that reach the k-th value keeps lower ids first among equals.
        kept = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return _keep(logits, kept)


def top_p(logits: Logits, p: float) -> Logits:
    """Keep the fewest likeliest words that together hold probability `p` (Holtzman et al. 2020)."""
    if p >= 1:
        return logits
    order = np.argsort(-logits, axis=1, kind="stable")
    ranked = probabilities(np.take_along_axis(logits, order, axis=1))
    before = np.cumsum(ranked, axis=1) - ranked
    filtered = np.full_like(logits, -np.inf)
    kept = np.where(before < p, np.take_along_axis(logits, order, axis=1), -np.inf)
    np.put_along_axis(filtered, order, kept, axis=1)
    return filtered


def chain(logits: Logits, settings: SamplingSettings, banned: NDArray[np.intp]) -> Logits:
    """Apply all that `settings` switch on, in the documented order."""
    logits = ban(logits, banned)
    if settings.temperature != 1:
        logits = temperature(logits, settings.temperature)
    if settings.top_k is not None:
        logits = top_k(logits, settings.top_k)
    if settings.top_p is not None:
        logits = top_p(logits, settings.top_p)
    return logits


def probabilities(logits: Logits) -> NDArray[np.float64]:
    """Return the softmax of each row, in double precision; removed words have probability 0."""
    shifted: NDArray[np.float64] = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float64)
    shifted /= shifted.sum(axis=1, keepdims=True)
    return shifted


def draw(logits: Logits, uniforms: NDArray[np.float64]) -> NDArray[np.intp]:
    """Draw one id a row by inverting the cumulative distribution at `uniforms`, each in [0, 1)."""
    cumulative = np.cumsum(probabilities(logits), axis=1)
    # Scaling by the total keeps a uniform near 1 below the last word that has any probability.
    targets = (uniforms * cumulative[:, -1])[:, None]
    ids: NDArray[np.intp] = (cumulative <= targets).sum(axis=1)
    return ids


def _keep(logits: Logits, ids: NDArray[np.intp]) -> Logits:
    filtered = np.full_like(logits, -np.inf)
    np.put_along_axis(filtered, ids, np.take_along_axis(logits, ids, axis=1), axis=1)
    return filtered
