"""The loop over the steps of a sequence, such that XLA can differentiate it.

For gradients XLA keeps what every step has computed, in arrays whose length it has to
know: the number of steps is written into the loop. Keras' own loop does not say it, and
can only be differentiated without XLA.

Measured on two cores, an LSTM of 32 units, milliseconds of one thread per update: 10
steps of 32 rows took 1.5 in graph mode and 0.6 with XLA, 200 steps of 128 rows 60 and
46; with a gather in place of the array of steps, graph mode took 430.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def recurrence(
    step: Callable[[Sequence[Any], Any], Any],
    inputs: Sequence[Any],
    state: Any,
    keeps_steps: bool,
) -> Any:
    """Go through steps; see ``CallContext``.

    Parameters
    ----------
    step : callable
        (inputs of one step, state) -> the next state.
    inputs : sequence of tensors of shape (n_steps, ...)
        What the steps get.
    state : tensor
        In front of the first step.
    keeps_steps : bool
        Whether to return the states of all steps, (n_steps, ...), or the last one.
    """
    import tensorflow as tf

    n_steps = int(inputs[0].shape[0])
    arrays = [
        tf.TensorArray(x.dtype, n_steps, element_shape=x.shape[1:]).unstack(x)
        for x in inputs
    ]
    kept = [tf.TensorArray(state.dtype, n_steps, element_shape=state.shape)]

    def next_step(number: Any, state: Any, kept: list[Any]) -> Any:
        state = step([array.read(number) for array in arrays], state)
        return number + 1, state, [array.write(number, state) for array in kept]

    _, last, kept = tf.while_loop(
        lambda number, *_: number < n_steps,
        next_step,
        (0, state, kept if keeps_steps else []),
        maximum_iterations=n_steps,
        parallel_iterations=1,
    )
    return kept[0].stack() if keeps_steps else last
