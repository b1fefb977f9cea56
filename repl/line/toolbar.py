"""The line below the prompt: what is loaded and set, what was not understood, the next useful key.

It is drawn at each keystroke, so nothing here looks anything up on the disk or computes a word.
"""

import logging
from dataclasses import dataclass

from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.utils import get_cwidth

from core.decoding.generator import Generator
from repl import views
from repl.line.unknown import suggestion, unknown_words
from repl.session import Session

TAKE_NEAREST = "Alt-S"
"""The key that puts the nearest known word in place of an unknown one."""

TIPS = (
    "Right takes the grey words",
    "Alt-F takes one of them",
    "Alt-N shows other words",
    ":help lists the commands",
    ":help keys tells of more keys",
)

STYLES = {
    # Red and magenta can be read on light and on dark; without colours, lines and weight tell.
    "unknown": "underline nodim",
    "command": "bold ansimagenta",
    "option": "ansimagenta",
    "value": "bold",
    "bad": "underline ansired",
    "bottom-toolbar": "noreverse dim",
    "toolbar.name": "bold nodim",
    "toolbar.key": "bold nodim",
    "toolbar.notice": "nodim",
}
"""How the prompt and the line below it look, as prompt_toolkit writes styles (from 3.0.52 on)."""

_INDENT = "  "
_BETWEEN = " · "

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Part:
    """Something to be told, and how important it is: 0 is told whenever there is room for it.

    `complete` parts tell something only together: where one is left out, those after it are too.
    """

    fragments: tuple[tuple[str, str], ...]
    importance: int
    complete: bool = False

    @property
    def width(self) -> int:
        return sum(get_cwidth(text) for _, text in self.fragments)


def toolbar(
    session: Session,
    typed: str,
    width: int,
    message: str = "",
    job: str | None = None,
    hint: str = "",
) -> StyleAndTextTuples:
    """Return one line of at most `width` cells.

    Where it is narrow, what is least important is left out whole: first the random numbers and the
    settings, then the length, a hint of what to type, the model, the job, the unknown words; a message
    goes last, and may be shortened.
    """
    try:
        parts = [
            *_model(session),
            *_job(job),
            *_unknown(session, typed),
            *_hint(hint),
            *_message(message, width),
        ]
        return _drawn(parts, width)
    except Exception:  # one here would end the prompt
        _log.exception("the toolbar could not be drawn")
        return []


def tip(prompts_seen: int) -> str:
    """Return the next useful key, at the first prompts only."""
    return TIPS[prompts_seen] if 0 <= prompts_seen < len(TIPS) else ""


def _model(session: Session) -> list[_Part]:
    generator = session.generator
    if generator is None:
        text = (("class:toolbar.name", "no model"), ("", ", "), ("class:toolbar.key", ":load NAME"))
        return [_Part(text, 3)]
    name = _Part((("class:toolbar.name", views.safe(generator.model.name)),), 3)
    parts = [_Part((("", text),), 5 + place, True) for place, text in enumerate(_sampling(generator))]
    return [name, *parts]


def _sampling(generator: Generator) -> list[str]:
    """Say how words are drawn, in the words of the line of status, the most important first."""
    length, *told = views.sampling(generator)
    told.sort(key=lambda text: not text.startswith(("temperature ", "greedy")))
    return [length, *(text.replace("temperature ", "temp ") for text in told)]


def _job(job: str | None) -> list[_Part]:
    return [_Part((("class:toolbar.notice", views.safe(job)),), 2)] if job else []


def _unknown(session: Session, typed: str) -> list[_Part]:
    generator = session.generator
    found = unknown_words(generator, typed) if generator is not None else []
    if generator is None or not found:
        return []
    near = suggestion(generator, typed, found)
    word = near.word if near else found[-1].words[-1]
    fragments = [("class:unknown", views.visible(word)), ("", "?")]
    if near:
        key = ("class:toolbar.key", TAKE_NEAREST)
        fragments += [("", " "), key, ("", f" {views.visible(near.text)}")]
    if len(found) > 1:
        fragments.append(("", f" +{len(found) - 1}"))
    return [_Part(tuple(fragments), 1)]


def _hint(hint: str) -> list[_Part]:
    return [_Part((("", views.safe(hint)),), 4)] if hint else []


def _message(message: str, width: int) -> list[_Part]:
    text = shortened(views.safe(" ".join(message.split())), width - get_cwidth(_INDENT))
    return [_Part((("class:toolbar.notice", text),), 0)] if text else []


def shortened(text: str, room: int) -> str:
    """Leave words out at the end of a text until it fits; nothing is left where none does."""
    if get_cwidth(text) <= room:
        return text
    words = text.split(" ")
    while words and get_cwidth(" ".join(words)) + 2 > room:
        words.pop()
    return " ".join(words) + " …" if words else ""


def _drawn(parts: list[_Part], width: int) -> StyleAndTextTuples:
    kept = _chosen(parts, width - get_cwidth(_INDENT))
    fragments: StyleAndTextTuples = []
    for part in (part for part in parts if part in kept):
        fragments += [("", _BETWEEN if fragments else _INDENT), *part.fragments]
    return fragments


def _chosen(parts: list[_Part], room: int) -> list[_Part]:
    """Return the most important parts that fit beside one another."""
    kept: list[_Part] = []
    complete = True
    for part in sorted(parts, key=lambda part: part.importance):
        needed = part.width + (get_cwidth(_BETWEEN) if kept else 0)
        fits = needed <= room and (complete or not part.complete)
        if fits:
            kept.append(part)
            room -= needed
        elif part.complete:
            complete = False
    return kept
