"""Logits to logits: which words may be drawn, and how sharply.

Each filter is a pure function on an array (rows, words); a removed word has -inf. Penalties also see
what was said before, `history`, (rows, earlier words). They run in one order - bans, penalties,
temperature, top-k, top-p, min-p, typical, eta, Mirostat, then the draw - and every one leaves at least
one word a row.
"""

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.floating]
Ids = NDArray[np.intp]

COLDEST = 1e-6
"""Below this temperature the likeliest word has it all, and dividing would leave float32's range."""

LARGEST_PENALTY = 1e6
"""What DRY's penalty does not exceed, so that a word it hits is rather unlikely than banned."""

LONGEST_RUN = 50
"""Words beyond those allowed that count in DRY; a longer run costs what one of so many does."""

BLOCK = 128
"""Words whose weights are added up before any of them is looked at."""

BINS = 1024
FINENESS = 32
"""Bins for a nat of difference, so that all of them cover 32 nats; what is less likely is together."""


# --- bans ---------------------------------------------------------------------------------------


def ban(logits: Logits, ids: Ids) -> Logits:
    """Remove `ids` from every row."""
    logits = logits.copy()
    logits[:, ids] = -np.inf
    return logits


def ban_phrase(logits: Logits, history: Ids, phrase: Ids) -> Logits:
    """Remove the last word of `phrase` where the words before it have just been said."""
    before, last = phrase[:-1], phrase[-1]
    if history.shape[1] < len(before):
        return logits
    said = (history[:, history.shape[1] - len(before) :] == before).all(axis=1)
    return _unless_empty(logits, np.flatnonzero(said), np.full(said.sum(), last))


def no_repeat(logits: Logits, history: Ids, n: int) -> Logits:
    """Remove what would make `n` words come in a row that have already (Paulus et al. 2018).

    A row that would be left with nothing stays as it is.
    """
    if history.shape[1] < n:
        return logits
    runs = history.shape[1] - n + 1
    said = np.ones((len(history), runs), bool)  # whether a run begins with the last n - 1 words
    for offset in range(n - 1):
        said &= history[:, offset : offset + runs] == history[:, [runs + offset]]
    rows, places = np.nonzero(said)
    return _unless_empty(logits, rows, history[rows, places + n - 1])


def _unless_empty(logits: Logits, rows: Ids, ids: Ids) -> Logits:
    """Remove one of `ids` for each of `rows`, but nothing from a row that would be left with none."""
    if not rows.size:
        return logits
    filtered = logits.copy()
    filtered[rows, ids] = -np.inf
    empty = filtered.max(axis=1) == -np.inf
    filtered[empty] = logits[empty]
    return filtered


# --- penalties ----------------------------------------------------------------------------------


def repetition_penalty(logits: Logits, history: Ids, penalty: float) -> Logits:
    """Divide positive logits of words in `history` by `penalty`, and multiply negative ones.

    Once a word, however often it was said. Keskar et al. 2019 (CTRL), section 4.1. What falls below
    the range of its type becomes its lowest number, as it is not banned.
    """
    rows = np.arange(len(logits))[:, None]
    said = logits[rows, history]
    with np.errstate(over="ignore"):
        lowered = np.where(said > 0, said / penalty, said * penalty)
    filtered = logits.copy()
    filtered[rows, history] = np.maximum(
        lowered, np.finfo(logits.dtype).min, out=lowered, where=said > -np.inf
    )
    return filtered


def presence_and_frequency_penalty(
    logits: Logits, history: Ids, presence: float, frequency: float
) -> Logits:
    """Take `presence` once from each word in `history`, and `frequency` for each time it was said.

    The formula is that of OpenAI's interface: logit - count * frequency - (count > 0) * presence.
    """
    rows = np.arange(len(logits))[:, None]
    filtered = logits.copy()
    filtered[rows, history] -= logits.dtype.type(presence)  # once a word, as it is read before
    np.subtract.at(filtered, (rows, history), frequency)
    return filtered


def dry(logits: Logits, history: Ids, multiplier: float, base: float, allowed: int) -> Logits:
    """Penalise going on with a repetition, the more the longer it is already ("don't repeat yourself").

    A word that would lengthen a run of n words said before, n at least `allowed`, loses
    multiplier * base ** (n - allowed): p-e-w's DRY sampler, as text-generation-webui has it. A run
    counts as allowed + `LONGEST_RUN` words at most, as in other implementations: looking further back
    would take time that grows with the square of a line's length.
    """
    last = history.shape[1] - 1
    # Where the last words of the line have stood before, as far back as `back`, and how many of them.
    alive = np.ones((len(history), max(last, 0)), bool)
    runs = np.zeros(alive.shape, np.intp)
    for back in range(min(last, allowed + LONGEST_RUN)):
        alive[:, :back] = False
        alive[:, back:] &= history[:, : last - back] == history[:, [last - back]]
        if not alive.any():
            break
        runs += alive
    rows, found = np.nonzero(runs >= allowed)
    lost = multiplier * np.float64(base) ** (runs[rows, found] - allowed)
    words = history[rows, found + 1]
    left = logits[rows, words] - np.minimum(lost, LARGEST_PENALTY)
    filtered = logits.copy()
    # Several places may lead to one word; its longest run counts.
    np.minimum.at(filtered, (rows, words), left.astype(logits.dtype))
    return filtered


# --- temperature --------------------------------------------------------------------------------


def temperature(logits: Logits, value: float) -> Logits:
    """Divide by `value`: below 1 sharpens, above 1 flattens; 0 leaves the likeliest word alone.

    First each row is lowered to a maximum of 0: what divides large numbers makes them infinite.
    """
    if value < COLDEST:
        return top_k(logits, 1)
    tempered = below_highest(logits)
    with np.errstate(over="ignore"):
        tempered /= value
    return tempered


def below_highest(logits: Logits) -> Logits:
    """Return logits less the highest of their row; what leaves the range of their type is -inf."""
    with np.errstate(over="ignore"):
        lowered: Logits = logits - logits.max(axis=1, keepdims=True)
    return lowered


# --- truncation ---------------------------------------------------------------------------------


def top_k(logits: Logits, k: int) -> Logits:
    """Keep the `k` likeliest words of each row (Fan et al. 2018); of equals, the lower ids."""
    size = logits.shape[1]
    if k >= size:
        return logits
    if k == 1:
        kept = logits.argmax(axis=1)[:, None]
        filtered = np.full_like(logits, -np.inf)
        np.put_along_axis(filtered, kept, np.take_along_axis(logits, kept, axis=1), axis=1)
        return filtered
    least = np.partition(logits, size - k, axis=1)[:, [size - k]]
    kept = logits >= least
    if kept.sum() > k * len(logits):  # equals at the edge
        above = logits > least
        left = k - above.sum(axis=1, keepdims=True)
        equal = kept & ~above
        kept = above | (equal & (equal.cumsum(axis=1) <= left))
    return np.where(kept, logits, -np.inf)


def top_p(logits: Logits, p: float) -> Logits:
    """Keep the fewest likeliest words that together hold probability `p` (Holtzman et al. 2020)."""
    if p >= 1:
        return logits
    return _fewest(logits, -logits, probabilities(logits), p)


def min_p(logits: Logits, share: float) -> Logits:
    """Keep words at least `share` times as likely as the likeliest (Nguyen et al. 2024)."""
    if share <= 0:
        return logits
    least = logits.max(axis=1, keepdims=True) + np.log(share)
    return np.where(logits >= least, logits, -np.inf)


def typical(logits: Logits, mass: float) -> Logits:
    """Keep the fewest words, those first whose surprise is nearest the entropy, that hold `mass`.

    Locally typical sampling (Meister et al. 2023): |-log p - H| in order.
    """
    if mass >= 1:
        return logits
    shares = probabilities(logits)
    return _fewest(logits, np.abs(-_log(shares) - entropy(shares)[:, None]), shares, mass)


def eta(logits: Logits, epsilon: float) -> Logits:
    """Keep words more likely than min(epsilon, sqrt(epsilon) exp(-H)) (Hewitt et al. 2022).

    H is the row's entropy in nats. The likeliest word always stays.
    """
    shares = probabilities(logits)
    floor = np.minimum(epsilon, np.sqrt(epsilon) * np.exp(-entropy(shares)))
    floor = np.minimum(floor, shares.max(axis=1))
    return np.where(shares >= floor[:, None], logits, -np.inf)


def mirostat(logits: Logits, limits: NDArray[np.float64]) -> Logits:
    """Remove words of more surprise than `limits`, (rows,) in bits, but the likeliest.

    The truncation of Mirostat 2.0 (Basu et al. 2021, and their later implementation). What follows
    the draw is `steered`.
    """
    surprise = -_log(probabilities(logits)) / np.log(2)
    limits = np.maximum(limits, surprise.min(axis=1))
    return np.where(surprise <= limits[:, None], logits, -np.inf)


def steered(
    limits: NDArray[np.float64], surprise: NDArray[np.float64], target: float, rate: float
) -> NDArray[np.float64]:
    """Return Mirostat's limits after words of `surprise` bits: mu - rate * (surprise - target)."""
    return limits - rate * (surprise - target)


def _fewest(
    logits: Logits, keys: NDArray[np.floating], shares: NDArray[np.float64], mass: float
) -> Logits:
    """Keep the fewest words of each row that hold `mass`, lowest key first, of equals the lower id."""
    rows = [_holding(*row, mass) for row in zip(keys, shares, strict=True)]
    return np.where(np.stack(rows), logits, -np.inf)


def _holding(keys: NDArray[np.floating], shares: NDArray[np.float64], mass: float) -> NDArray[np.bool_]:
    """Say which words are the fewest that hold `mass`.

    They are counted into bins of about the same key; only the bin in which the mass is reached is
    put in order.
    """
    with np.errstate(over="ignore"):
        bins = np.clip((keys - keys.min()) * FINENESS, 0, BINS - 1).astype(np.intp)
    masses = np.bincount(bins, shares, BINS).cumsum()
    edge = min(int(masses.searchsorted(mass)), BINS - 1)
    kept: NDArray[np.bool_] = bins < edge
    last = np.flatnonzero(bins == edge)
    last = last[np.argsort(keys[last], kind="stable")]
    ranked = shares[last]
    before = (masses[edge - 1] if edge else 0) + np.cumsum(ranked) - ranked
    kept[last[before < mass]] = True
    return kept


# --- the draw -----------------------------------------------------------------------------------


def probabilities(logits: Logits) -> NDArray[np.float64]:
    """Return the softmax of each row, in double precision; removed words have probability 0."""
    shifted: NDArray[np.float64] = np.exp(below_highest(logits), dtype=np.float64)
    shifted /= shifted.sum(axis=1, keepdims=True)
    return shifted


def surprise(logits: Logits, ids: Ids) -> NDArray[np.float64]:
    """Return the surprise of one id a row under the softmax, in bits; a removed word's is 1000."""
    lowered = below_highest(logits)
    totals = np.exp(lowered).sum(axis=1, dtype=np.float64)
    chosen = lowered[np.arange(len(ids)), ids].astype(np.float64)
    bits: NDArray[np.float64] = np.minimum((np.log(totals) - chosen) / np.log(2), 1000)
    return bits


def entropy(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the entropy of each row of probabilities in nats."""
    total: NDArray[np.float64] = -(shares * _log(np.where(shares > 0, shares, 1))).sum(axis=1)
    return total


def likeliest(logits: Logits) -> Ids:
    """Return the likeliest id of each row; of equals, the lowest."""
    ids: Ids = logits.argmax(axis=1)
    return ids


def draw(logits: Logits, uniforms: NDArray[np.float64]) -> Ids:
    """Draw one id a row by inverting the cumulative distribution at `uniforms`, each in [0, 1).

    First the block of words is found and then the word in it: adding up words one by one takes long.
    """
    weights = below_highest(logits)
    np.exp(weights, out=weights)
    starts = np.arange(0, weights.shape[1], BLOCK)
    sums = np.add.reduceat(weights, starts, axis=1).cumsum(axis=1, dtype=np.float64)
    ids = []
    for row, blocks, target in zip(weights, sums, (uniforms * sums[:, -1]).tolist(), strict=True):
        block = _place(blocks, target)
        begin = block * BLOCK
        words = row[begin : begin + BLOCK].astype(np.float64).cumsum()
        ids.append(begin + _place(words, target - blocks[block - 1] if block else target))
    return np.array(ids, np.intp)


def _place(sums: NDArray[np.float64], target: float) -> int:
    """Return the first place where a running sum exceeds `target`.

    Where rounding has put the target beyond the sum, it is the last place that adds anything.
    """
    place = int(sums.searchsorted(target, "right"))
    return place if place < len(sums) else int(sums.searchsorted(sums[-1]))


def _log(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.log(shares)
