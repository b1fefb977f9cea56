"""The figures of a run as TensorBoard draws them. TensorFlow is imported by its use.

TensorFlow's own `tf.summary.scalar` and `text` need TensorBoard installed, which TensorFlow itself does
not; what they write is written here by `tf.summary.write`.
"""

from pathlib import Path
from typing import Any

from core.errors import TrainingError
from core.training.events import EpochDone

SCALARS = (
    "loss",
    "validation_perplexity",
    "bits_per_character",
    "tokens_per_second",
    "learning_rate",
)
"""Fields of `EpochDone` that become scalars, by their names; the step is the epoch."""

AS_SCALAR, AS_TENSOR = 1, 2
"""What TensorBoard's plugins call the classes of their data."""


class Board:
    """An event file of one run; several runs in one directory are drawn beside each other."""

    def __init__(self, directory: Path) -> None:
        """Open an event file.

        Args:
            directory: the run's own.

        Raises:
            TrainingError: it cannot be written.
        """
        import tensorflow as tf

        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._writer = tf.summary.create_file_writer(str(directory))
        except (OSError, tf.errors.OpError) as error:
            raise TrainingError(
                f"TensorBoard's files cannot be written to {directory}: {error}; choose another one"
            ) from error

    def write(self, event: EpochDone) -> None:
        """Write what an epoch came to, and what its network made of the probes.

        Raises:
            TrainingError: it cannot be written.
        """
        import tensorflow as tf

        try:
            self._write(event)
        except (OSError, tf.errors.OpError) as error:
            raise TrainingError(f"TensorBoard's files cannot be written: {error}") from error

    def _write(self, event: EpochDone) -> None:
        import tensorflow as tf

        with self._writer.as_default(step=event.epoch):
            for name in SCALARS:
                value = getattr(event, name)
                if value is not None:
                    scalar = tf.constant(value, tf.float32)
                    tf.summary.write(name, scalar, metadata=_kind("scalars", AS_SCALAR))
            for seed, line in event.probes.items():
                tag = f"probe/{seed or '(the beginning)'}"
                tf.summary.write(tag, tf.constant([line]), metadata=_kind("text", AS_TENSOR))
        self._writer.flush()


def _kind(plugin: str, data_class: int) -> Any:
    """Return what says how TensorBoard is to draw a value."""
    import tensorflow as tf

    metadata = tf.compat.v1.SummaryMetadata(data_class=data_class)
    metadata.plugin_data.plugin_name = plugin
    return metadata
