"""How much memory a file of somebody else's may cost: its own size, and a fixed sum beyond it.

Whatever is about to be allocated because a file says so is asked for here first.
"""

from core.errors import ModelError

ALLOWANCE = 128 << 20
"""Bytes beyond the file's own size. With libraries and JSON an import stays below 200 MB more."""


class Budget:
    """What is left to allocate on the word of one file."""

    def __init__(self, name: str, size: int) -> None:
        """Begin with `size`, the bytes of the file that errors call `name`."""
        self._name = name
        self._left = size + ALLOWANCE

    def take(self, size: int, what: str) -> None:
        """Ask for `size` bytes.

        Raises:
            ModelError: the file is too small to need that much.
        """
        if size > self._left:
            raise ModelError(
                f"{self._name}: {what} would take {size / 1e6:,.0f} MB, more than a file of its size "
                "can hold; save the model again with Keras's own model.save"
            )
        self._left -= size

    def give_back(self, size: int) -> None:
        """Return bytes that were asked for and are free again."""
        self._left += size
