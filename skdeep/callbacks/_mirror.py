"""A Keras model that shows a run to those who look at it, and only then.

Copying all weights and what the optimizer remembers into Keras' variables, and back
to see what has changed, took 8 ms around the hooks of an epoch that itself took 0.2;
most callbacks look at the logs alone. So between hooks the model wears a class that
notices when one of its attributes is read, and the copies are made then.

Who has read an attribute may have kept a layer or a compiled function, whose reading
nobody notices. So once code that is not Keras' own has looked, everything is copied
around every later hook.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from skdeep.callbacks._callback import RunView

# Attributes that have nothing to do with weights and optimizer.
FREE = frozenset({"stop_training", "history", "_initial_epoch"})
# Keras' callbacks that go through the optimizer to its learning rate and no further.
OF_RATES = frozenset({"LearningRateScheduler", "ReduceLROnPlateau"})
# And those that take weights as arrays, or set them, and look at nothing else. What
# Adam remembers are twice as many arrays, and two thirds of the time of such a look.
OF_WEIGHTS = frozenset({"EarlyStopping"})


class Mirror:
    """Keep a Keras model and a run alike, as far as somebody looks.

    Sets: ``_caller``, whose hook is running; ``_sees_rate``, ``_sees_weights`` and
    ``_sees_memory``, what that hook has been shown; ``_is_held``, whether others than
    Keras have looked; ``_state_of_weights`` and ``_state_of_memory``, the states of the
    run that the model shows, and as arrays ``_weights`` and ``_memory``.

    Parameters
    ----------
    model : keras.Model
        Compiled, its optimizer built.
    run : RunView
        The run that it shows.
    """

    def __init__(self, model: Any, run: RunView):
        import keras

        optimizer = model.optimizer
        rate = optimizer.learning_rate
        self._model = model
        self._run = run
        self._rate = rate.value if isinstance(rate, keras.Variable) else None
        # Reading and writing what Keras' variables wrap takes half the time.
        self._weight_variables = [v.value for v in model.weights]
        self._memory_variables = [v.value for v in optimizer.variables if v is not rate]
        self._bare = type(model)
        self._veiled = _veiled(type(model), self._show)
        self._caller: Any = None
        self._is_held = False
        self._sees_rate = self._sees_weights = self._sees_memory = False
        self._state_of_weights: Any = None
        self._state_of_memory: Any = None
        self._weights: list[np.ndarray] = []
        self._memory: list[np.ndarray] = []

    def call(self, hook: Callable[..., Any], *args: Any) -> None:
        """Call a hook; take over what it has changed in the model."""
        self._caller = getattr(hook, "__self__", None)
        self._sees_rate = self._sees_weights = self._sees_memory = False
        if self._is_held:
            self._push_all()
        else:
            self._wear(self._veiled)
        try:
            hook(*args)
        finally:
            self._wear(self._bare)
            self._caller = None
        self._pull()

    def end(self) -> None:
        """Leave a model that shows how the run has ended."""
        self._wear(self._bare)
        self._push_all()

    def _wear(self, cls: type) -> None:
        """Give the model one of its two classes; Keras' own attributes stay away."""
        object.__setattr__(self._model, "__class__", cls)

    def _show(self, name: str) -> None:
        """Somebody reads an attribute of the model: let it show the run."""
        self._wear(self._bare)
        is_kerass = _is_kerass_own(self._caller)
        self._is_held = self._is_held or not is_kerass
        kind = type(self._caller).__name__ if is_kerass else ""
        if kind in OF_RATES and name == "optimizer":
            self._push_rate()
        elif kind in OF_WEIGHTS and name in ("get_weights", "set_weights"):
            self._push_weights()
        else:
            self._push_all()

    def _push_all(self) -> None:
        """Let the model show all there is."""
        self._push_rate()
        self._push_weights()
        self._push_memory()

    def _push_rate(self) -> None:
        """Let the model show the learning rate of the run."""
        self._sees_rate = True
        if self._rate is not None:
            self._rate.assign(self._run.learning_rate)

    def _push_weights(self) -> None:
        """Let the model show the weights of the run."""
        self._sees_weights = True
        if self._run.state is not self._state_of_weights:
            self._state_of_weights = self._run.state
            self._weights = self._run.weights()
            _write(self._weight_variables, self._weights)

    def _push_memory(self) -> None:
        """Let the model show what the optimizer of the run remembers."""
        self._sees_memory = True
        if self._run.state is not self._state_of_memory:
            self._state_of_memory = self._run.state
            self._memory = self._run.optimizer_state()
            _write(self._memory_variables, self._memory)

    def _pull(self) -> None:
        """Take over what a hook has changed in what it saw of the model."""
        run = self._run
        if self._sees_weights:
            weights = [v.numpy() for v in self._weight_variables]
            if not _equal(weights, self._weights):
                run.set_weights(weights)
            self._weights = weights
        if self._sees_memory:
            memory = [v.numpy() for v in self._memory_variables]
            if not _equal(memory, self._memory):
                run.set_optimizer_state(memory)
            self._memory = memory
        # After both: either makes another state, in which the other is what it was.
        if self._sees_weights:
            self._state_of_weights = run.state
        if self._sees_memory:
            self._state_of_memory = run.state
        if self._sees_rate and self._rate is not None:
            rate = self._rate.numpy()
            # An unchanged rate keeps the digits that the variable has rounded off.
            if rate != rate.dtype.type(run.learning_rate):
                run.learning_rate = float(rate)
        run.stop = run.stop or bool(self._model.stop_training)


def _veiled(cls: type, show: Callable[[str], None]) -> type:
    """Return a subclass that calls ``show`` before an attribute is read.

    ``show`` gives the model its own class back, so that what looks is never told of
    this one: Keras saves some things by the class that it finds.
    """

    def read(model: Any, name: str) -> Any:
        if name in FREE:
            return object.__getattribute__(model, name)
        show(name)
        return getattr(model, name)

    def write(model: Any, name: str, value: Any) -> None:
        if name in FREE:
            object.__setattr__(model, name, value)
        else:
            show(name)
            setattr(model, name, value)

    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
    methods = {"__getattribute__": read, "__setattr__": write}
    return type(cls)(cls.__name__, (cls,), names | methods)


def _is_kerass_own(callback: Any) -> bool:
    """Whether all that a callback does was written by Keras, which keeps no layer."""
    from keras import callbacks

    cls = type(callback)
    if cls is callbacks.LambdaCallback:
        return False
    return getattr(callbacks, cls.__name__, None) is cls


def _write(variables: Sequence[Any], values: Sequence[np.ndarray]) -> None:
    """Give every variable its value."""
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _equal(some: Sequence[np.ndarray], others: Sequence[np.ndarray]) -> bool:
    """Whether arrays are the same to the bit, NaN included."""
    return all(a.tobytes() == b.tobytes() for a, b in zip(some, others, strict=True))
