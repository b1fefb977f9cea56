"""What the program itself can be told, beside how words are drawn: one table, as for all settings."""

from dataclasses import dataclass
from typing import Literal

from core.setting import Settings, setting


@dataclass(frozen=True)
class ProgramSettings(Settings):
    """How the prompt begins and what it looks like."""

    model: str = setting(
        "abc-news", "what the prompt begins with: a model's name or path, or several, as a+b"
    )
    theme: Literal["auto", "light", "dark", "plain"] = setting(
        "auto", "colours for a light or a dark ground; auto: as the terminal says, else for both"
    )
    ghost: bool = setting(True, "show while you type what the model would say")
    heat: Literal["off", "rank", "probability"] = setting(
        "off", "colour words by how likely they were, from the start"
    )
    history: bool = setting(True, "keep the lines that you type for the next time")
    autosave: bool = setting(True, "keep the session for headlong --continue")
