"""Several models that speak as one: whose word counts how much, and who brings which words."""

from rich.console import Group, RenderableType
from rich.text import Text

from core.library.ensemble import Ensemble
from repl.views import columns, facts, network, safe


def picture(ensemble: Ensemble) -> RenderableType:
    """Draw each model with its share, its tokens, and how many of them none before it has."""
    tokens = f"{ensemble.level}s"
    heading = Text.assemble(
        (safe(ensemble.name), "name"),
        (f" · {len(ensemble.vocabulary):,} {tokens} together", "muted"),
    )
    table = columns("model", "share", tokens, "new", right=("share", tokens, "new"))
    for member, share, new in zip(ensemble.members, ensemble.shares, ensemble.added, strict=True):
        counts = (f"{share:.1%}", f"{len(member.vocabulary):,}", f"{new:,}")
        table.add_row(Text(safe(member.name), "name"), *counts)
    return Group(heading, table)


def facts_of(ensemble: Ensemble) -> RenderableType:
    """Draw what the models are: the identity of all, and the shape of each network."""
    common = {
        "sha256": ensemble.sha256[:16],
        "cleaning": f"{ensemble.cleaning.name}, as {ensemble.members[0].name} has it",
    }
    networks = {member.name: network(member.manifest) for member in ensemble.members}
    return Group(picture(ensemble), facts(common), facts(networks))
