"""Beam search: many lines side by side, of which the best stay; all of them are one batch.

It is one search, so that its parts combine: lines that are finished compete with longer ones (Wu et
al. 2016), groups avoid one another's words (Vijayakumar et al. 2018), and required phrases divide a
beam into banks by how many of their words a line has met (Hokamp and Liu 2017; Post and Vilar 2018).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.decoding.cells import Ids
from core.decoding.constrained import Required
from core.decoding.filters import Logits
from core.decoding.groups import Group, arranged, best, widest
from core.decoding.ranking import Sums, Totals, log_probabilities
from core.decoding.search import Task
from core.decoding.stepper import State
from core.errors import SettingError

LEAST = -745.0
"""The log-probability of a forced word that has none, so that its line can go on: that of 5e-324."""

ROWS = 128
"""Lines whose next words are looked at in one go, so that memory does not grow with the beam."""


class Hypotheses(NamedTuple):
    """Lines that are not finished, a row each, all with the same number of words."""

    ids: Ids
    """The words so far, seed included: (rows, words)."""

    groups: Ids
    progress: Ids
    totals: Totals

    def at(self, rows: Ids) -> "Hypotheses":
        """Return the hypotheses at `rows`."""
        ids, groups, progress, totals = self
        return Hypotheses(ids[rows], groups[rows], progress[rows], totals.at(rows))


class Moves(NamedTuple):
    """Ways to go on, an entry each: from which row, with which word, and what comes of it."""

    rows: Ids
    ids: Ids
    progress: Ids
    totals: Totals
    steered: Sums
    """The keys, less what the words of other groups cost."""

    def at(self, places: Ids | NDArray[np.bool_]) -> "Moves":
        """Return the moves at `places`."""
        rows, ids, progress, totals, steered = self
        return Moves(rows[places], ids[places], progress[places], totals.at(places), steered[places])


def find(task: Task) -> list[list[int]]:
    """Return up to `settings.samples` different lines, the best first.

    A line's score is its log-probability after bans and penalties, its end counted in, divided by its
    length to `length_penalty`. Where random numbers are to decide, lines are drawn instead, and of
    those drawn the best comes first.

    Raises:
        SettingError: no line can hold, or none was found that holds, what is required.
    """
    return _Beam(task).find()


class _Beam:
    def __init__(self, task: Task) -> None:
        settings = task.settings
        self._task, self._settings, self._rules = task, settings, task.rules
        self._required = Required(task.rules.required)

    def find(self) -> list[list[int]]:
        """See the function of this name."""
        first, state = self._begin()
        groups, wanted = list[Group](), self._settings.samples
        for together in arranged(self._settings):
            self._search(together, first, state)
            groups += together
        lines = best(groups, wanted)
        if len(lines) < wanted and self._settings.draws:
            groups.append(widest(self._settings))
            self._search(groups[-1:], first, state)
            lines = best(groups, wanted)
        if not lines:
            raise SettingError(
                "no line was found that holds all that must asks for; set length or beam to more, "
                "or bans and no_repeat to less"
            )
        return lines

    def _search(self, groups: Sequence[Group], first: Hypotheses, state: State) -> None:
        """Give `groups` their lines; they all begin with the one hypothesis, `first`."""
        ones = np.zeros(len(groups), np.intp)
        hypotheses = first.at(ones)._replace(groups=np.arange(len(groups)))
        state = self._task.stepper.take(state, ones)
        for number in range(len(self._task.forced), self._rules.length):
            if number > len(self._task.forced):
                state = self._task.stepper.advance(state, hypotheses.ids[:, -1])
            moves = self._step(groups, hypotheses, state)
            hypotheses = _moved(hypotheses, moves)
            if not moves.rows.size:
                break
            state = self._task.stepper.take(state, moves.rows)
        for place, group in enumerate(groups):
            rows = np.flatnonzero(hypotheses.groups == place)
            self._finish(group, hypotheses.ids[rows], hypotheses.totals.at(rows))

    # --- the beginning ---------------------------------------------------------------------------

    def _begin(self) -> tuple[Hypotheses, State]:
        """Return the one hypothesis that all groups begin with: the words that are given."""
        task, required = self._task, self._required
        progress, score = required.start(), 0.0
        for place, state in enumerate(task.read(), -len(task.seed)):
            if 0 <= place < len(task.forced):
                score += self._forced_score(state, place)
                progress = required.advance(progress, np.array(task.forced[place : place + 1]))
        self._check_room(progress)
        scores, ids = np.array([score]), np.array([task.given], np.intp)
        first = Hypotheses(ids, np.zeros(1, np.intp), progress, Totals(scores, scores, scores))
        return first, state

    def _forced_score(self, state: State, place: int) -> float:
        """Return the log-probability of a forced word, and were it banned, as if it were not."""
        task = self._task
        logits = task.stepper.logits(state)
        history = np.array([task.given[: len(task.seed) + place]], np.intp)
        restricted = log_probabilities(task.restricted(logits, history))[0, task.forced[place]]
        free = log_probabilities(logits)[0, task.forced[place]]
        return float(restricted if restricted > -np.inf else max(free, LEAST))

    def _check_room(self, progress: Ids) -> None:
        missing = self._required.total - int(self._required.met(progress)[0])
        needed, length = len(self._task.forced) + missing, self._rules.length
        if missing and needed > length:
            raise SettingError(
                f"what must asks for does not fit into a length of {length}; "
                f"set length to at least {needed}, or must to less"
            )

    # --- one word --------------------------------------------------------------------------------

    def _step(self, groups: Sequence[Group], hypotheses: Hypotheses, state: State) -> Moves:
        """Return how the hypotheses go on, group by group; lines that end are put aside."""
        chosen, said = [], np.empty(0, np.intp)
        answers = _Answers(self._task, state, hypotheses.ids)
        for place, group in enumerate(groups):
            rows = np.flatnonzero(hypotheses.groups == place)
            if not rows.size:  # the group is settled
                continue
            parts = [rows[at : at + ROWS] for at in range(0, len(rows), ROWS)]
            moves = _joined([self._moves(hypotheses, answers, part, group, said) for part in parts])
            going, ending = _best(moves, self._required, self._rules.end, group.width)
            self._finish(group, hypotheses.ids[moves.rows[ending]], moves.totals.at(ending), 1)
            moves = moves.at(going)
            if group.settled(moves.totals, self._rules.length):
                moves = moves.at(np.empty(0, np.intp))
            said = np.concatenate([said, moves.ids])
            chosen.append(moves)
        return _joined(chosen)

    def _moves(
        self, hypotheses: Hypotheses, answers: "_Answers", rows: Ids, group: Group, said: Ids
    ) -> Moves:
        """Return all moves from `rows` that could be among the best of a bank."""
        required, progress = self._required, hypotheses.progress[rows]
        number, logits = self._task.number(hypotheses.ids), answers.at(rows)
        totals = group.ranking.extend(
            hypotheses.totals.at(rows), logits, number, required.advancing(progress)
        )
        steered = totals.keys
        if said.size and not self._settings.draws:
            steered = steered - self._settings.diversity * np.bincount(said, minlength=logits.shape[1])
        other = np.full(len(rows), -1)  # a word that no phrase has
        banks = required.met(required.advance(progress, other))
        near, ids = _promising(steered, banks, required.ids, group.width)
        after = required.advance(progress[near], ids)
        moves = Moves(rows[near], ids, after, totals.at(near, ids), steered[near, ids])
        # Once the words that are left only just hold what is missing, nothing else may come.
        left = np.where(ids == self._rules.end, 0, self._rules.length - number - 1)
        return moves.at(required.total - required.met(after) <= left)

    def _finish(self, group: Group, texts: Ids, totals: Totals, ends: int = 0) -> None:
        """Put lines aside, which have said `texts` and then an end, or none."""
        ids = texts[:, len(self._task.seed) :]
        if ids.size:
            group.finish(ids, totals, ids.shape[1] + ends)


class _Answers:
    """The logits after each of `texts`, bans and penalties applied, `ROWS` of them at a time.

    Groups stand one after another, so that most share a product with those beside them.
    """

    def __init__(self, task: Task, state: State, texts: Ids) -> None:
        self._task, self._state, self._texts = task, state, texts
        self._block, self._logits = range(0), np.empty((0, 0), np.float32)

    def at(self, rows: Ids) -> Logits:
        """Return the logits at `rows`, which are next to one another, `ROWS` at most."""
        first, last = int(rows[0]), int(rows[-1])
        if first not in self._block or last not in self._block:
            self._block = range(first, min(first + ROWS, len(self._texts)))
            block, stepper = np.array(self._block), self._task.stepper
            logits = stepper.logits(stepper.take(self._state, block))
            self._logits = self._task.restricted(logits, self._texts[block])
        start = self._block.start
        return self._logits[first - start : last + 1 - start]


def _promising(keys: Sums, banks: Ids, required: Ids, width: int) -> tuple[Ids, Ids]:
    """Return rows and ids, side by side, of all `required` words and of the highest keys of each bank.

    Besides `width` words that go on, each row may have an end among the highest, and required words,
    which go to other banks. Equals at the edge all stay, so that the lowest ids win anywhere.
    """
    least = np.full((len(keys), 1), -np.inf)
    for bank in np.unique(banks):
        same = banks == bank
        every = keys[same].ravel()
        count = width + (1 + len(required)) * int(same.sum())
        if count < every.size:
            least[same] = np.partition(every, every.size - count)[every.size - count]
    kept = keys >= least
    kept[:, required] = True
    rows, ids = np.nonzero(kept & (keys > -np.inf))
    return rows, ids


def _best(moves: Moves, required: Required, end: int | None, width: int) -> tuple[Ids, Ids]:
    """Return the places of the moves that stay, and of those that end a line, the best first.

    A bank holds lines that have met as many required words, and keeps its `width` best that go on. An
    end counts where it is among the `width` best itself.
    """
    banks = required.met(moves.progress)
    order = np.lexsort((-moves.steered, banks))
    banks, ends = banks[order], moves.ids[order] == end
    first = np.searchsorted(banks, banks)
    place = np.arange(len(order)) - first
    earlier = np.cumsum(ends) - ends
    going = place - (earlier - earlier[first])
    return order[~ends & (going < width)], order[ends & (place < width)]


def _moved(hypotheses: Hypotheses, moves: Moves) -> Hypotheses:
    ids = np.concatenate([hypotheses.ids[moves.rows], moves.ids[:, None]], axis=1)
    return Hypotheses(ids, hypotheses.groups[moves.rows], moves.progress, moves.totals)


def _joined(parts: list[Moves]) -> Moves:
    rows, ids, progress, totals, steered = zip(*parts, strict=True)
    return Moves(
        np.concatenate(rows),
        np.concatenate(ids),
        np.concatenate(progress),
        Totals(*map(np.concatenate, zip(*totals, strict=True))),
        np.concatenate(steered),
    )
