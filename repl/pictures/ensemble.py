"""Several models that speak as one: whose word counts how much, and who brings which words."""

from rich.console import Group, RenderableType
from rich.text import Text

from core.library.ensemble import Ensemble
from core.text.levels import nouns
from repl.views import columns, facts, network, safe


def picture(ensemble: Ensemble, turns: bool = False) -> RenderableType:
    """Draw each model with its share, its tokens, and how many of them none before it has.

    Where models take turns shares do nothing, and the place of its turn stands there instead.
    """
    tokens = nouns(ensemble.level)
    heading = Text.assemble(
        (safe(ensemble.name), "name"),
        (f" · {len(ensemble.vocabulary):,} {tokens} together", "muted"),
    )
    part = "turn" if turns else "share"
    table = columns("model", part, tokens, "new", right=(part, tokens, "new"))
    rows = zip(ensemble.members, ensemble.shares, ensemble.added, strict=True)
    for number, (member, share, new) in enumerate(rows, start=1):
        counts = (str(number) if turns else f"{share:.1%}", f"{len(member.vocabulary):,}", f"{new:,}")
        table.add_row(Text(safe(member.name), "name"), *counts)
    return Group(heading, table)


def facts_of(ensemble: Ensemble, turns: bool = False) -> RenderableType:
    """Draw what the models are: the identity of all, and the shape of each network."""
    common = {
        "sha256": ensemble.sha256[:16],
        "cleaning": f"{ensemble.cleaning.name}, as {ensemble.members[0].name} has it",
    }
    networks = {member.name: network(member.manifest) for member in ensemble.members}
    return Group(picture(ensemble, turns), facts(common), facts(networks))
