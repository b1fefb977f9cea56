"""Which part of the machine this process computes on."""

import os

import tensorflow as tf  # noqa: TID253


def use(number: int = 0, count: int = 1) -> str | None:
    """Take this worker's share of the machine's cores and one of its GPUs; say which GPU.

    To be called before anything is computed. A worker computes on one GPU: several GPUs want as many
    workers, which take them in turn. Without one there is nothing to say.

    Args:
        number: of this worker among those on this machine, from 0.
        count: of those.
    """
    if count > 1:
        tf.config.threading.set_intra_op_parallelism_threads(max(1, (os.cpu_count() or 1) // count))
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    own = gpus[number % len(gpus)]
    tf.config.set_visible_devices([own], "GPU")
    tf.config.experimental.set_memory_growth(own, True)  # others may have the rest
    name = tf.config.experimental.get_device_details(own).get("device_name", own.name)
    idle = len(gpus) - count
    more = f", and {idle} more would be used with --workers {len(gpus)}" if idle > 0 else ""
    return f"computes on GPU {name}{more}"
