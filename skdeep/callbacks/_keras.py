"""Keras callbacks around a run of the compiled engine.

They get a Keras model whose weights, optimizer and learning rate are those of the run
whenever a hook looks at it (see ``_mirror``); what a hook changes goes back into the
run after it. Hooks, their order and their arguments are those of ``keras.Model.fit``
(checked against 3.15).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

from skdeep.callbacks._backup import (
    batches_seen,
    drop_cut_off,
    epoch_of_backup,
    unreadable,
)
from skdeep.callbacks._callback import Callback, RunView
from skdeep.callbacks._mirror import Mirror
from skdeep.exceptions import InvalidNetworkError


def copy_callbacks(callbacks: Any) -> list[Any]:
    """Check the constructor's ``callbacks`` and return fresh copies of them."""
    import keras

    if callbacks is None:
        return []
    given = list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
    for callback in given:
        if not isinstance(callback, keras.callbacks.Callback | Callback):
            hint = "Give an instance."
            if hasattr(callback, "on_fit_task_end"):
                hint = "Callbacks of scikit-learn go to set_callbacks."
            raise InvalidNetworkError(
                f"callbacks must be instances of keras.callbacks.Callback; got "
                f"{callback!r}. {hint}"
            )
    try:
        return copy.deepcopy(given)
    except Exception as error:
        raise InvalidNetworkError(
            "callbacks must be copyable, since every fit works on fresh copies; "
            f"copying {given!r} failed: {error} Open files and connections in "
            "on_train_begin, or give the class a __deepcopy__."
        ) from error


class KerasCallbacks(Callback):
    """Hand a run to Keras callbacks.

    Sets while running: ``logs``, the last that ``on_epoch_end`` was given, and
    ``best_epoch``.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
        They are used as they are; see ``copy_callbacks``.
    make_model : callable
        Returns a compiled Keras model of the network, with any weights.
    verbose : int
        Only told to the callbacks.
    """

    def __init__(
        self, callbacks: Sequence[Any], make_model: Callable[[], Any], verbose: int
    ):
        self.callbacks = list(callbacks)
        self.logs: dict[str, float] = {}
        self.max_epochs_between_looks = (
            1 if any(map(_looks_at_epochs, callbacks)) else math.inf
        )
        self.batches = any(map(_looks_at_batches, callbacks))
        self.validation_batches = any(map(_looks_at_validation_batches, callbacks))
        self._verbose = verbose
        self._make_model = make_model
        self._mirror: Mirror | None = None
        self._has_begun = False

    def on_run_begin(self, run: RunView) -> None:
        """Make the model; go on from a backup, if a callback found one."""
        model = self._make_model()
        self._mirror = Mirror(model, run)
        params = {
            "verbose": self._verbose,
            "epochs": run.last_epoch,
            "steps": run.n_batches,
        }
        for callback in self.callbacks:
            self._mirror.call(callback.set_model, model)
            callback.set_params(params)
        self._begin_or_go_on(run, model)
        self._has_begun = True

    def _begin_or_go_on(self, run: RunView, model: Any) -> None:
        """Call ``on_train_begin``, in which ``BackupAndRestore`` may go on."""
        import keras

        backup_class = keras.callbacks.BackupAndRestore
        backups = [c for c in self.callbacks if isinstance(c, backup_class)]
        for backup in backups:
            drop_cut_off(backup)
        n_before = batches_seen(run, model.optimizer) if backups else 0
        try:
            self._call(run, "on_train_begin", None)
        except OSError as error:
            raise (unreadable(backups[0], error) if backups else error) from error
        epoch = getattr(model, "_initial_epoch", None)
        if backups:
            n_batches = batches_seen(run, model.optimizer) - n_before
            epoch = epoch_of_backup(epoch, run, n_batches)
        if epoch:
            run.epoch = epoch

    def on_epoch_begin(self, run: RunView) -> None:
        """Epochs are numbered from 0."""
        self._call(run, "on_epoch_begin", run.epoch, None)

    def on_batch_begin(self, run: RunView, batch: int) -> None:
        """Before a batch."""
        self._call(run, "on_train_batch_begin", batch, None)

    def on_batch_end(self, run: RunView, batch: int, logs: dict[str, float]) -> None:
        """After a batch."""
        self._call(run, "on_train_batch_end", batch, _as_keras(logs))

    def on_validation_begin(self, run: RunView) -> None:
        """Before the validation rows."""
        self._call(run, "on_test_begin", None)

    def on_validation_batch_begin(self, run: RunView, batch: int) -> None:
        """Before a batch of validation rows."""
        self._call(run, "on_test_batch_begin", batch, None)

    def on_validation_batch_end(
        self, run: RunView, batch: int, logs: dict[str, float]
    ) -> None:
        """After a batch of validation rows."""
        self._call(run, "on_test_batch_end", batch, dict(logs))

    def on_validation_end(self, run: RunView, logs: dict[str, float]) -> None:
        """After the validation rows."""
        self._call(run, "on_test_end", dict(logs))

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """Pass the logs on; what a callback adds to them joins the history."""
        self.logs = _as_keras(logs[-1])
        if self.max_epochs_between_looks == 1:
            self._call(run, "on_epoch_end", run.epoch - 1, self.logs)
        for name, value in self.logs.items():
            if name not in logs[-1]:
                logs[-1][name] = _number(name, value)

    def on_run_end(self, run: RunView) -> None:
        """As in Keras, a run that failed has no end; a backup outlives Ctrl-C, too."""
        import keras

        if not self._has_begun or not (run.finished or run.interrupted):
            return
        backup = keras.callbacks.BackupAndRestore
        ended = [
            callback
            for callback in self.callbacks
            if run.finished or not isinstance(callback, backup)
        ]
        self._call(run, "on_train_end", self.logs, callbacks=ended)
        for callback in ended:
            self.best_epoch = restored_epoch(callback) or self.best_epoch
        if self._mirror is not None:
            self._mirror.end()

    def _call(self, run: RunView, hook: str, *args: Any, callbacks: Any = None) -> None:
        """Call a hook of all callbacks; the only place that does."""
        assert self._mirror is not None
        for callback in self.callbacks if callbacks is None else callbacks:
            self._mirror.call(getattr(callback, hook), *args)


def _looks_at_epochs(callback: Any) -> bool:
    """Whether a callback does something before or after an epoch."""
    from keras.callbacks import Callback

    return _overrides(callback, ["on_epoch_begin", "on_epoch_end"], Callback)


def _looks_at_batches(callback: Any) -> bool:
    """Whether a callback does something before or after a batch."""
    hooks = ["on_train_batch_begin", "on_train_batch_end"]
    old_names = ["on_batch_begin", "on_batch_end"]
    return _overrides(callback, hooks + old_names, _class_idle_at_batches(callback))


def _looks_at_validation_batches(callback: Any) -> bool:
    """Whether a callback does something before or after a validation batch."""
    hooks = ["on_test_batch_begin", "on_test_batch_end"]
    return _overrides(callback, hooks, _class_idle_at_batches(callback))


def _overrides(callback: Any, hooks: Sequence[str], cls: type) -> bool:
    """Whether a callback has another method than ``cls`` for one of these hooks."""
    methods = {hook: getattr(callback, hook) for hook in hooks}
    return any(
        getattr(method, "__func__", method) is not getattr(cls, hook)
        for hook, method in methods.items()
    )


def _class_idle_at_batches(callback: Any) -> type:
    """Return the class whose hooks for batches do nothing in this callback."""
    from keras import callbacks

    for cls in (callbacks.ModelCheckpoint, callbacks.BackupAndRestore):
        if isinstance(callback, cls) and callback.save_freq == "epoch":
            return cls
    if (
        isinstance(callback, callbacks.TensorBoard)
        and callback.update_freq == "epoch"
        and not callback._should_trace
    ):
        return callbacks.TensorBoard
    return callbacks.Callback


def _as_keras(logs: dict[str, float]) -> dict[str, float]:
    """Loss and metrics; Keras has the learning rate in the optimizer only."""
    return {name: value for name, value in logs.items() if name != "learning_rate"}


def _number(name: str, value: Any) -> float:
    """Return what a callback has added to the logs as a plain float."""
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InvalidNetworkError(
            f"A callback may add numbers to the logs of an epoch; got {name}="
            f"{value!r}. Keep anything else in an attribute of the callback."
        ) from error


def restored_epoch(callback: Any) -> int:
    """Say to which epoch, counted from 1, Keras' EarlyStopping has gone back."""
    from keras.callbacks import EarlyStopping

    if not isinstance(callback, EarlyStopping) or not callback.restore_best_weights:
        return 0
    return 0 if callback.best_weights is None else int(callback.best_epoch) + 1
