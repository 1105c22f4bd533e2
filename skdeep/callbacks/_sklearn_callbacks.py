"""A fit as tasks for the callbacks of scikit-learn: one task, a subtask per epoch.

Their protocol came with scikit-learn 1.9; before, nobody can listen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skdeep.callbacks._callback import Callback, RunView


class SklearnCallbacks(Callback):
    """Tell scikit-learn's callbacks of a fit and of its epochs.

    Parameters
    ----------
    estimator : estimator
        In whose fit this is; it has callbacks.
    n_epochs : int
        The largest number of epochs there will be.
    X, y, sample_weight : array-like
        As they were given to fit.

    Attributes
    ----------
    attributes_now : callable
        Returns, for a run, the fitted attributes with which the estimator predicts as
        if fit had stopped there. Only called if a callback asks for the estimator.
    """

    max_epochs_between_looks = 1

    def __init__(self, estimator: Any, n_epochs: int, X: Any, y: Any, weight: Any):
        metadata = None if weight is None else {"sample_weight": weight}
        self.attributes_now: Callable[[RunView], dict[str, Any]] = lambda run: {}
        self._what = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._fit = estimator._init_callback_context(max_subtasks=n_epochs)
        self._fit.call_on_fit_task_begin(**self._what)
        self._epoch: Any = None

    def on_epoch_begin(self, run: RunView) -> None:
        """Begin the task of an epoch."""
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(
            **self._what, reconstruction_attributes=lambda: self.attributes_now(run)
        )

    def on_epoch_end(self, run: RunView, logs: list[dict[str, float]]) -> None:
        """End the task of an epoch; stop if a callback says so."""
        stop = self._epoch.call_on_fit_task_end(
            **self._what, reconstruction_attributes=lambda: self.attributes_now(run)
        )
        # Never taken back: another callback may have asked for it.
        run.stop = run.stop or stop

    def end(self) -> None:
        """End the task of the fit; the estimator has its fitted attributes."""
        self._fit.call_on_fit_task_end(**self._what, reconstruction_attributes={})


def begin_tasks(
    estimator: Any, n_epochs: int, X: Any, y: Any, weight: Any
) -> SklearnCallbacks | None:
    """Begin the task of a fit, if the estimator has callbacks that listen."""
    # What scikit-learn's set_callbacks sets.
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    return SklearnCallbacks(estimator, n_epochs, X, y, weight)
