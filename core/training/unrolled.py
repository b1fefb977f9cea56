"""The LSTM of most models, written out step by step with a gradient of its own.

The gradient that TensorFlow derives has some thirty small operations a step. Here all that does not
wait for the step behind it is done for all steps at once, and the recurrent kernel's is one product.
"""

from collections.abc import Callable

import tensorflow as tf  # noqa: TID253

_Backward = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


@tf.custom_gradient  # type: ignore[untyped-decorator]
def lstm(products: tf.Tensor, recurrent: tf.Tensor) -> tuple[tf.Tensor, _Backward]:
    """Return the outputs (steps, rows, hidden) of an LSTM with sigmoid gates, its states 0 at first.

    Hochreiter and Schmidhuber 1997, with the forget gate of Gers 2000; gates in Keras's order.

    Args:
        products: (steps, rows, 4 * hidden), the inputs by the kernel, and the bias.
        recurrent: (hidden, 4 * hidden).
    """
    hidden = memory = tf.zeros([products.shape[1], recurrent.shape[0]])
    kept, memories, outputs = [], [memory], [hidden]
    for x in tf.unstack(products):
        i, f, new, o = tf.split(x + tf.matmul(hidden, recurrent), 4, axis=1)
        i, f, new, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(new), tf.sigmoid(o)
        memory = f * memory + i * new
        squashed = tf.tanh(memory)
        hidden = o * squashed
        kept.append((i, f, new, o, squashed))
        memories.append(memory)
        outputs.append(hidden)

    def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        i, f, new, o, squashed = (tf.stack(values) for values in zip(*kept, strict=True))
        # What a change of each gate does to the memory, and to the output.
        to_memory = (
            new * i * (1 - i),
            tf.stack(memories[:-1]) * f * (1 - f),
            i * (1 - new * new),
        )
        slopes = tuple(map(tf.unstack, (*to_memory, squashed * o * (1 - o), o * (1 - squashed**2))))
        transposed = tf.transpose(recurrent)
        by_hidden = by_memory = tf.zeros_like(hidden)
        by_products = []
        for *gates, output, through, upward, (_, forget, *_) in reversed(
            list(zip(*slopes, tf.unstack(upstream), kept, strict=True))
        ):
            by_hidden += upward
            by_memory += by_hidden * through
            by_gates = [by_memory * gate for gate in gates]
            by_products.append(tf.concat([*by_gates, by_hidden * output], axis=1))
            by_hidden = tf.matmul(by_products[-1], transposed)
            by_memory *= forget
        by_products = tf.stack(by_products[::-1])
        before = tf.concat(outputs[:-1], axis=0)
        flat = tf.reshape(by_products, [-1, products.shape[-1]])
        return by_products, tf.matmul(before, flat, transpose_a=True)

    return tf.stack(outputs[1:]), gradients
