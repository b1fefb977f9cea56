"""How large the files of a model may be, so that a hostile one cannot cost much more than it weighs.

The promise is in SECURITY.md: refusing a bad file takes at most 2 seconds, and 200 MB of memory beside
the file's own size. The numbers below are what keeps it; tests/core/library/hostile.py tries them.
"""

from core.errors import SettingError
from core.library import layout
from core.settings import MOST_NETWORKS, ModelSettings
from core.text.vocabulary import Vocabulary

MANIFEST, VOCABULARY, WEIGHTS, CARD, NGRAMS = (
    "model.json",
    "vocabulary.json",
    "weights.safetensors",
    "card.md",
    "ngrams.zlib",
)

WEIGHT_FILES = (WEIGHTS, *(f"weights-{number}.safetensors" for number in range(2, MOST_NETWORKS + 1)))
"""The weights of a model's first network, its second ... as far as it has them."""

Content = bytes | bytearray
"""What a file holds."""

WORDS = 1_000_000
"""Tokens of a vocabulary: Python needs about 150 bytes for each."""

LARGEST = {
    MANIFEST: 1 << 20,
    # A text that holds one emoji takes four bytes a letter in memory, and its tokens take them again.
    VOCABULARY: 20 << 20,
    # Half a second of SHA-256; the weights of several networks may take no more together.
    **dict.fromkeys(WEIGHT_FILES, 1 << 30),
    CARD: 1 << 20,
    NGRAMS: 32 << 20,
}
"""Bytes of each file that are read at the most."""

NGRAMS_AT_MOST = 1 << 20
"""Different n-grams: reading them takes about 100 bytes for each."""

HEADER = 1 << 20
"""Bytes of a safetensors header: names and shapes of at most a few dozen arrays."""

SLACK = 64 << 20
"""Bytes that may come out of an archive beyond its own size."""

DIRECTORY = 1 << 20
"""Bytes of a zip's directory, some ten thousand members."""


def is_crowded(content: Content) -> bool:
    """Say whether the JSON of a vocabulary holds more than `WORDS` words, before they take memory.

    It is counted by the marks between values, which words may hold too, so some more pass; lists and
    keys take more memory than words, and a vocabulary has few.
    """
    marks = sum(map(content.count, (b"[", b"{", b":")))
    return content.count(b",") > 2 * WORDS or marks > WORDS // 2


def check_size(settings: ModelSettings, vocabulary: Vocabulary, networks: int = 1) -> None:
    """See that a model of this shape could be loaded again, before hours of training go into it.

    Raises:
        SettingError: too many words, too much text of them, or too many numbers.
    """
    words, text = len(vocabulary), sum(len(token.encode()) + 8 for token in vocabulary.tokens)
    if words > WORDS or text > LARGEST[VOCABULARY]:
        raise SettingError(
            f"the vocabulary has {words:,} words of {text / 1e6:,.0f} MB; a model may hold {WORDS:,} "
            f"of {LARGEST[VOCABULARY] / 1e6:,.0f} MB; leave out rare ones with a higher min_count"
        )
    size = 4 * networks * layout.parameters(settings, words)
    largest = LARGEST[WEIGHTS] - networks * HEADER
    if size > largest:
        what = f"the {networks} networks" if networks > 1 else "the network"
        fewer = "fewer networks, " if networks > 1 else ""
        raise SettingError(
            f"{what} would take {size / 1e6:,.0f} MB, and a model's weights may take "
            f"{largest / 1e6:,.0f} MB; choose {fewer}a smaller hidden_size or a higher min_count"
        )
