"""The ghost text: what Enter would print, told while one types. Knows no terminal.

Words are drawn from the settings' own random numbers, so the same text has the same ghost, and Enter,
which draws from them too, prints what was shown.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator

from core.decoding.cells import Floats, Ids
from core.decoding.generator import Generator
from core.decoding.stepper import State, Stepper
from core.errors import HeadlongError
from core.library.ensemble import LanguageModel
from core.settings import SamplingSettings
from repl import views
from repl.script import is_command, seed_in
from repl.session import Session

BUDGET = 0.008
"""Seconds that a key may wait for words; what takes longer is written beside the prompt."""

WHOLE_BUDGET = 0.025
"""Seconds that it may wait where all lines are needed to know the first, if that was enough lately."""

PAUSE = 0.05
"""Seconds between two notices that a ghost has grown."""

CACHED = 64
"""Ghosts that are kept, so that one who goes back sees them at once."""

ON_ITS_WAY = "thinking"
FAULT = "no ghost text: a fault of the program; headlong --debug shows where"
NOTHING_DRAWN = "no other draw: under these settings nothing is drawn"

_log = logging.getLogger(__name__)


def seed_of(text: str) -> str | None:
    """Return the seed in a line as the prompt reads it; None for a command or several lines."""
    text = text.lstrip()
    return None if "\n" in text or is_command(text) else seed_in(text)


class Ghost:
    """Tells what a line would become.

    Args:
        session: the model and its settings are taken from here, whenever they are needed.
        recall: the last line that begins with a command's beginning, as the ghost of commands.
        grown: called, from another thread, when a ghost that takes long has more words.
    """

    def __init__(
        self,
        session: Session,
        recall: Callable[[str], str | None] = lambda beginning: None,
        grown: Callable[[], None] = lambda: None,
    ) -> None:
        self.message = ""
        """Why there is no ghost, or that it is on its way: a few words for the toolbar."""

        self._session, self._recall, self._grown = session, recall, grown
        self._model: LanguageModel | None = None
        self._drafts: dict[tuple[str, SamplingSettings], _Draft] = {}
        self._writer: tuple[_Draft, threading.Thread] | None = None
        self._note: tuple[str, str] | None = None
        self._took: tuple[SamplingSettings | None, float] = (None, 0.0)

    def of(self, text: str) -> str:
        """Return what to show after `text`; nothing where nothing is to be said. Raises nothing."""
        if self._note is not None and self._note[0] != text:
            self._note = None
        self.message = self._note[1] if self._note else ""
        if not self._session.program.ghost:
            return ""
        try:
            seed = seed_of(text)
            return self._continued(seed) if seed is not None else self._recalled(text)
        except HeadlongError as error:
            self.message = views.safe(str(error).partition("\n")[0])
        except Exception:  # prompt_toolkit would end the prompt
            _log.debug("", exc_info=True)
            self.message = FAULT
        return ""

    def draw(self, text: str, by: int) -> None:
        """Go to another draw, `by` further on, by the setting that Enter reads too."""
        settings = self._session.settings
        if not settings.draws:
            self._note = (text, NOTHING_DRAWN)
            return
        try:
            self._session.configure(rng=max(settings.rng + by, 0))
        except HeadlongError as error:
            self._note = (text, str(error))

    def drop(self) -> None:
        """Stop what is written beside the prompt; afterwards nobody else uses the model."""
        if self._writer is not None:
            draft, thread = self._writer
            draft.dropped = True
            thread.join()
            self._writer = None

    def finish(self) -> None:
        """Wait until the last ghost is whole."""
        if self._writer is not None:
            self._writer[1].join()

    def _recalled(self, text: str) -> str:
        lines = text.count("\n") + 1
        if lines > 1:
            self.message = f"{lines} lines, which Enter runs one by one"
            return ""
        typed = text.lstrip()
        line = self._recall(typed)
        return views.safe(line.removeprefix(typed)) if line else ""

    def _continued(self, seed: str) -> str:
        generator = self._session.require_generator()
        if generator.model is not self._model:
            self.drop()
            self._drafts.clear()
            self._model = generator.model
        key = (seed, generator.settings)
        draft = self._drafts.get(key)
        if draft is None:
            self.drop()
            draft = self._drafts[key] = _Draft(generator, seed)
            draft.write(self._budget(draft, generator.settings))
            for old in list(self._drafts)[:-CACHED]:
                del self._drafts[old]
        self._took = (generator.settings, draft.seconds)
        if not draft.done:
            self._go_on(draft)
        if draft.error is not None:
            raise draft.error
        if not draft.done:
            self.message = ON_ITS_WAY
        return draft.text

    def _budget(self, draft: "_Draft", settings: SamplingSettings) -> float:
        """Return how long to wait for a ghost, so that few frames have none and no key is slow."""
        before, seconds = self._took
        quick = before != settings or seconds <= WHOLE_BUDGET
        return BUDGET if draft.by_word or not quick else WHOLE_BUDGET

    def _go_on(self, draft: "_Draft") -> None:
        """Write the rest beside the prompt, until the next key drops it."""
        if self._writer is not None and self._writer[0] is draft:
            return
        self.drop()
        draft.dropped = False
        thread = threading.Thread(target=draft.write, args=(math.inf, self._grown), daemon=True)
        self._writer = (draft, thread)
        thread.start()


class _Late(Exception):
    """Nothing could be shown in time, or nobody wants to see it any more."""


class _Draft:
    """One ghost as it is written: its text so far, and whether that is all."""

    def __init__(self, generator: Generator, seed: str) -> None:
        self.text = ""
        self.done = False
        self.dropped = False
        self.seconds = math.inf
        """How long the last writing took, if it came to the end."""

        self.error: Exception | None = None
        settings = generator.settings
        self.by_word = settings.samples == 1 and not settings.searches
        self._seed = generator.read_seed(seed)
        stepper = Watched(generator.stepper, self._look_at_the_clock)
        self._generator = Generator(generator.model, generator.settings, stepper)
        self._pieces: Iterator[str] | None = None
        self._end = 0.0

    def write(self, seconds: float, grown: Callable[[], None] = lambda: None) -> None:
        """Write until that time is over, the draft is dropped, or all is said."""
        began = time.perf_counter()
        self._end = began + seconds
        try:
            self._write(grown)
        except _Late:
            self._pieces = None  # it begins anew, as it has shown nothing yet
        except Exception as error:
            self.error, self.done = error, True
        if self.done:
            self.seconds = time.perf_counter() - began
            grown()

    def _write(self, grown: Callable[[], None]) -> None:
        if self._pieces is None:
            self._pieces = self._speak()
        told = -math.inf
        for piece in self._pieces:
            self.text += views.safe(piece)
            now = time.perf_counter()
            if now > told + PAUSE:
                grown()
                told = now
            if now > self._end or self.dropped:
                return
        self.done = True

    def _speak(self) -> Iterator[str]:
        """Yield what the result line would say after the seed: piece by piece, if it comes so."""
        stream = self._generator.stream(self._seed)
        if self.by_word:
            for word in stream:
                yield word.piece
        else:  # which line is the first of all is known at the end only
            for line in self._generator.gather(self._seed, stream)[:1]:
                yield "".join(word.piece for word in line.words)

    def _look_at_the_clock(self) -> None:
        if not self.text and (self.dropped or time.perf_counter() > self._end):
            raise _Late


class Watched:
    """A network that says when it is about to take a step, so that a long computation can be left."""

    def __init__(self, stepper: Stepper, stepping: Callable[[], None]) -> None:
        self._stepper, self._stepping = stepper, stepping

    def start(self, rows: int) -> State:
        """See Stepper."""
        return self._stepper.start(rows)

    def advance(self, state: State, ids: Ids) -> State:
        """See Stepper."""
        self._stepping()
        return self._stepper.advance(state, ids)

    def hidden(self, state: State) -> Floats:
        """See Stepper."""
        return self._stepper.hidden(state)

    def logits(self, state: State) -> Floats:
        """See Stepper."""
        return self._stepper.logits(state)

    def take(self, state: State, rows: Ids) -> State:
        """See Stepper."""
        return self._stepper.take(state, rows)
