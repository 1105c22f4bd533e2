"""The convolution of a layer, with a weight gradient that no number of threads changes.

For the gradient of the kernel oneDNN gives every thread some images of the batch and
adds up what they found, so the bits follow the number of threads, and a worker of a
search would train other weights than the process that started it. One image is never
shared out; its channels are. So the batch becomes a few tall images, its images below
each other with rows of zeros between, cut by the shapes alone and added in order.
Outputs, and gradients of inputs, do not depend on the number of threads anyway.

This holds for float32 where TensorFlow uses oneDNN, which is every x86 Linux; other
dtypes are left to TensorFlow.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from skdeep.engine.backends._own_gradient import with_gradient

# Measured: a fit takes 0.8 (8x8 images) to 1.2 times (28x28) as long as with oneDNN's
# gradient. The same bits from products of patches or of shifted images took 1.8 to 20
# times as long as that gradient.
# A tall image has work for a millisecond or so, more images than cores help nobody.
WORK_PER_IMAGE = 2**25
MAX_IMAGES = 4


def convolution_in_tall_images(x: Any, kernel: Any, padding: str) -> Any:
    """Convolve with strides of 1; the same bits with any number of threads.

    Parameters
    ----------
    x : tensor of shape (n_rows, height, width, n_channels)
        The images.
    kernel : tensor of shape (kernel_height, kernel_width, n_channels, n_filters)
        The weights.
    padding : {"same", "valid"}
        As in Keras.
    """
    import tensorflow as tf

    padding = padding.upper()
    if x.dtype != tf.float32:
        return tf.nn.conv2d(x, kernel, 1, padding)

    rule = _same_gradient if padding == "SAME" else _valid_gradient
    return with_gradient(tf.nn.conv2d(x, kernel, 1, padding), (x, kernel), rule)


def _same_gradient(inputs: Sequence[Any], upstream: Any) -> Sequence[Any]:
    return _gradients(inputs, upstream, "SAME")


def _valid_gradient(inputs: Sequence[Any], upstream: Any) -> Sequence[Any]:
    return _gradients(inputs, upstream, "VALID")


def _gradients(inputs: Sequence[Any], upstream: Any, padding: str) -> Sequence[Any]:
    """The gradients of images and kernel."""
    import tensorflow as tf

    x, kernel = inputs
    for_x = tf.nn.conv2d_transpose(upstream, kernel, tf.shape(x), 1, padding)
    return for_x, _kernel_gradient(x, upstream, kernel.shape, padding)


def _kernel_gradient(x: Any, upstream: Any, shape: Any, padding: str) -> Any:
    """The sum of the gradients of the tall images."""
    import tensorflow as tf

    n_images = _n_tall_images(x.shape, shape)
    total = None
    for rows in _cut(int(x.shape[0]), n_images):
        images, outputs = _tall(x[rows], upstream[rows], int(shape[0]), padding)
        part = tf.raw_ops.Conv2DBackpropFilter(
            input=images,
            filter_sizes=shape,
            out_backprop=outputs,
            strides=[1, 1, 1, 1],
            padding=padding,
        )
        total = part if total is None else total + part
    return total


def _n_tall_images(x_shape: Any, kernel_shape: Any) -> int:
    """How many tall images a batch becomes."""
    n_rows, height, width = (int(n) for n in x_shape[:3])
    work = n_rows * height * width
    for length in kernel_shape:
        work *= int(length)
    return max(1, min(MAX_IMAGES, n_rows, work // WORK_PER_IMAGE))


def _cut(n_rows: int, n_parts: int) -> list[slice]:
    """Cut rows into parts that differ by one row at most."""
    ends = [n_rows * part // n_parts for part in range(n_parts + 1)]
    return [slice(a, b) for a, b in pairwise(ends)]


def _tall(
    x: Any, upstream: Any, kernel_height: int, padding: str
) -> tuple[Any, Any]:  # (1, n_rows * height, width, n_channels or n_filters)
    """Put images below each other, so far apart that no kernel sees two of them."""
    import tensorflow as tf

    n_rows, height, width, n_channels = x.shape
    if padding == "SAME":
        # One gap serves both: it ends the padding of one image and begins the next's.
        gap, lost = kernel_height // 2, 0
    else:  # outputs are lower than images, and where two images meet there are none
        gap, lost = 0, kernel_height - 1
    n_lines = n_rows * (height + gap)
    x = tf.pad(x, [[0, 0], [0, gap], [0, 0], [0, 0]]) if gap else x
    upstream = tf.pad(upstream, [[0, 0], [0, gap + lost], [0, 0], [0, 0]])
    x = tf.reshape(x, (1, n_lines, width, n_channels))
    upstream = tf.reshape(upstream, (1, n_lines, *upstream.shape[2:]))
    return x, upstream[:, : n_lines - lost]
