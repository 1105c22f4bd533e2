"""A Keras optimizer as a pure function: (weights, its memory, gradients) → both, new.

Keras' optimizers for TensorFlow are written for tf.distribute and refuse
``stateless_apply``; the methods of their base class are pure inside a
``keras.StatelessScope``. ``StatelessMethods`` puts those back, between the optimizer's
own class and TensorFlow's. Checked against Keras 3.14 and 3.15.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skdeep.exceptions import InvalidNetworkError
from skdeep.keras_objects._spec import KerasSpec


class StatelessOptimizer:
    """What the optimizer of a spec does, with its state in arguments.

    The variables of the optimizer and those it is built for are placeholders: they
    give shapes and names, and are never written.

    Parameters
    ----------
    spec : KerasSpec or Keras optimizer
        The optimizer, with a plain number as its learning rate.
    variables : sequence of keras.Variable
        What it updates.
    dtype : str
        Of the learning rate.
    decays : bool, default=False
        Whether ``apply`` gets by how much weights decay.

    Attributes
    ----------
    use_ema : bool
        Whether it averages the weights.
    memory_names : list of str
        Of what it remembers; that of a weight begins with the weight's name.
    """

    def __init__(
        self, spec: Any, variables: Sequence[Any], dtype: str, decays: bool = False
    ):
        import keras

        self._keras = _make(spec)
        # TensorFlow keeps 40 KiB of every variable of a new name, and Keras numbers
        # optimizers.
        self._keras.name = "optimizer"
        # Keras' own variable for the rate is float32, whatever the network's dtype.
        self._rate = keras.Variable(1.0, trainable=False, dtype=dtype, name="rate")
        # Keras calls it with every update, inside the scope that holds the rate's
        # value.
        self._keras.learning_rate = lambda: self._rate.value
        self._decay = keras.Variable(0.0, trainable=False, dtype=dtype, name="decay")
        if decays:
            # Past Keras' tracking, which would take it for something remembered.
            object.__setattr__(self._keras, "weight_decay", self._decay)
        self._trainable = list(variables)
        self._keras.build(self._trainable)
        self._memory = list(self._keras.variables)
        self.memory_names = [v.name for v in self._memory]
        # Its counter of calls; ``iterations`` is a tensor, not a variable, while
        # gradients are accumulated, and counts updates.
        self._calls_at = self.memory_names.index("iteration")
        self._calls_per_update = self._keras.gradient_accumulation_steps or 1
        self.use_ema = bool(self._keras.use_ema)

    def start(self) -> list[np.ndarray]:
        """Return its memory before the first update."""
        return [v.numpy() for v in self._memory]

    def step(self, memory: Sequence[Any]) -> Any:
        """Return how many updates there were: a scalar."""
        calls = memory[self._calls_at]
        return calls if self._calls_per_update == 1 else calls // self._calls_per_update

    def n_batches(self, memory: Sequence[Any]) -> Any:
        """Return how many gradients there were, accumulated ones as well: a scalar."""
        return memory[self._calls_at]

    def scale_loss(self, loss: Any) -> Any:
        """Scale a loss by the factor that ``apply`` takes out of the gradients."""
        return self._keras.scale_loss(loss)

    def apply(
        self,
        memory: Sequence[Any],
        gradients: Sequence[Any],
        weights: Sequence[Any],
        rate: Any,
        decay: Any = None,
    ) -> tuple[list[Any], list[Any]]:
        """Return the weights after one update, and what is remembered of it."""
        others = [(self._rate, rate)]
        if decay is not None:
            others.append((self._decay, decay))
        with self._scope(memory, weights, others) as scope:
            self._keras.apply(gradients, self._trainable)
        return self._values(scope, self._trainable), self._values(scope, self._memory)

    def finish(self, memory: Sequence[Any], weights: Sequence[Any]) -> list[Any]:
        """Return the weights after the last epoch: averages with ``use_ema``."""
        with self._scope(memory, weights, []) as scope:
            self._keras.finalize_variable_values(self._trainable)
        return self._values(scope, self._trainable)

    def _scope(self, memory: Any, weights: Any, others: list[Any]) -> Any:
        """A scope in which the placeholders have these values."""
        import keras

        mapping = [
            *zip(self._trainable, weights, strict=True),
            *zip(self._memory, memory, strict=True),
            *others,
        ]
        return keras.StatelessScope(state_mapping=mapping)

    def _values(self, scope: Any, variables: Sequence[Any]) -> list[Any]:
        """What the placeholders hold at the end of a scope."""
        return [scope.get_current_value(v) for v in variables]


def _make(spec: Any) -> Any:
    """Make the optimizer, of a subclass that is pure in a stateless scope."""
    try:
        if isinstance(spec, KerasSpec):
            return spec.make(_stateless_class)
        return _stateless_class(spec.__class__).from_config(spec.get_config())
    except (TypeError, ValueError) as error:
        raise InvalidNetworkError(
            f"optimizer must get arguments that Keras takes; got the error "
            f"{str(error).rstrip('. ')}. Leave some of them out."
        ) from error


@functools.cache
def _stateless_class(cls: Any) -> Any:
    """Return a subclass of an optimizer's class whose updates are pure."""
    # An optimizer's own methods come first, then these, then TensorFlow's: the formula
    # of an update stays that of Keras.
    return type(cls.__name__, (cls, _stateless_methods()), {})


@functools.cache
def _stateless_methods() -> type:
    """Return the class that stands between an optimizer and TensorFlow's base class."""
    from keras import optimizers

    methods = {n: m for n, m in vars(StatelessMethods).items() if callable(m)}
    return type("StatelessMethods", (optimizers.Optimizer,), methods)


if TYPE_CHECKING:
    from keras.optimizers import Optimizer
else:
    Optimizer = object


class StatelessMethods(Optimizer):
    """What the methods of Keras' base class do, before TensorFlow's override them.

    Its functions become methods of a subclass of ``keras.optimizers.Optimizer``; Keras
    is not imported for the sake of a base class.
    """

    def assign(self, variable: Any, value: Any) -> None:
        """Give a variable of the scope another value."""
        variable.assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        """Add to a variable of the scope."""
        variable.assign_add(value)

    def assign_sub(self, variable: Any, value: Any) -> None:
        """Subtract from a variable of the scope."""
        variable.assign_sub(value)

    def _var_key(self, variable: Any) -> int:
        return id(variable)  # lasting: the variables are kept in _trainable

    def _backend_update_step(self, grads: Any, variables: Any, rate: Any) -> None:
        for gradient, variable in zip(grads, variables, strict=True):
            self.update_step(gradient, variable, rate)

    def _apply_weight_decay(self, variables: Any) -> None:
        from keras import ops

        if self.weight_decay is None:
            return
        for v in filter(self._use_weight_decay, variables):
            decay = ops.cast(self.weight_decay, v.dtype)
            # v - v * decay * rate, in the order in which Keras multiplies.
            v.assign(v - v * decay * ops.cast(self.learning_rate, v.dtype))

    def _backend_apply_gradients(self, grads: Any, variables: Any) -> None:
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables)
        else:
            self._update(grads, variables)
        if self.use_ema:
            self._average()

    def _update(self, grads: Any, variables: Any) -> None:
        grads = self._clip_gradients(grads)
        self._apply_weight_decay(variables)
        self._backend_update_step(grads, variables, self.learning_rate)

    def _accumulate(self, grads: Any, variables: Any) -> None:
        """Update with the mean of several gradients, or only remember the sum.

        Both are computed and one is chosen: a condition could not carry what the
        scope holds.
        """
        from keras import ops

        n_steps = self.gradient_accumulation_steps
        is_last = ops.equal((self._iterations + 1) % n_steps, 0)
        sums = [
            self._accumulated_gradients[self._get_variable_index(v)] for v in variables
        ]
        totals = [g + s for g, s in zip(grads, sums, strict=True)]
        changing = [*variables, *self.variables]
        before = [v.value for v in changing]
        self._update([total / n_steps for total in totals], variables)
        for v, old in zip(changing, before, strict=True):
            v.assign(ops.where(is_last, v.value, old))
        for s, total in zip(sums, totals, strict=True):
            s.assign(ops.where(is_last, ops.zeros_like(total), total))

    def _average(self) -> None:
        """Average the weights; overwrite them by the averages now and then."""
        from keras import ops

        self._update_model_variables_moving_average(self._trainable_variables)
        if not self.ema_overwrite_frequency:
            return
        is_due = ops.equal((self.iterations + 1) % self.ema_overwrite_frequency, 0)
        for v, average in zip(
            self._trainable_variables,
            self._model_variables_moving_average,
            strict=True,
        ):
            v.assign(ops.where(is_due, average.value, v.value))

    def _overwrite_model_variables_with_average_value(self, variables: Any) -> None:
        for v, average in zip(
            variables, self._model_variables_moving_average, strict=True
        ):
            v.assign(average.value)
