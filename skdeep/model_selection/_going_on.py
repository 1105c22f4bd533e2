"""One candidate on one fold: trained a part at a time, as if in one go."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sklearn.pipeline import Pipeline

from skdeep._sklearn import fit_and_score
from skdeep.estimators._part_of_fit import only_part
from skdeep.keras_objects._schedules import CONSTANT
from skdeep.model_selection._checks import check_goes_on
from skdeep.model_selection._pipeline import last_step


class GoingOn:
    """An estimator that trains on where it stopped.

    Parameters
    ----------
    estimator : estimator of skdeep, or Pipeline that ends in one
        Unfitted, with the candidate's parameters; this object changes and fits it.
    n_epochs : int
        The epochs of the whole fit, for which schedules plan.
    """

    def __init__(self, estimator: Any, n_epochs: int):
        self.estimator = estimator
        train_for(estimator, n_epochs).set_params(warm_start=True)
        self._given: dict[str, Any] = {}
        self._stopped = False

    def fit_and_score(
        self, n_epochs: int, X: Any, y: Any, **how: Any
    ) -> tuple[dict[str, Any], GoingOn]:
        """Train until ``n_epochs`` epochs are done in all, and score.

        Returns
        -------
        result : dict
            Of scikit-learn's ``_fit_and_score``, to which ``how`` goes.
        self : GoingOn
            Another object, if this ran in another process.
        """

        def fit(X: Any, y: Any = None, **params: Any) -> Any:
            self._train(n_epochs, X, y, params)
            return self.estimator

        # What is called is fit of this object, and not of its class.
        self.estimator.fit = fit
        try:
            return fit_and_score(self.estimator, X, y, **how), self
        finally:
            del self.estimator.fit

    def _train(self, n_epochs: int, X: Any, y: Any, params: dict[str, Any]) -> None:
        """Train until ``n_epochs`` epochs are done, if nothing has stopped it before.

        After an error the estimator is as it was, and the next call tries again.
        """
        network = last_step(self.estimator)
        n_done = getattr(network, "n_epochs_", 0)
        if self._stopped or n_done >= n_epochs:
            return
        with only_part(network, n_epochs - n_done) as part:
            if self._given:
                with self._as_in_pipeline(network):
                    network.fit(**self._given)
            else:
                type(self.estimator).fit(self.estimator, X, y, **params)
        _check_trained_here(network)
        if isinstance(self.estimator, Pipeline):
            self._given = part.given
        self._stopped = network.n_epochs_ < n_epochs

    def _as_in_pipeline(self, network: Any) -> AbstractContextManager[None]:
        """Let the callbacks of a search see the network, past the Pipeline."""
        task = getattr(self.estimator, "_parent_callback_ctx", None)
        if task is None:
            return nullcontext()
        # What the Pipeline was lent it would lend to the network.
        return task.propagate_callback_context(network)


def train_for(estimator: Any, n_epochs: int) -> Any:
    """Set the epochs of an estimator to exactly so many; return its network."""
    network = last_step(estimator)
    return network.set_params(epochs=n_epochs, early_stopping=False)  # may be "auto"


def has_plan(estimator: Any) -> bool:
    """Whether the learning rate follows a plan over all epochs of the fit."""
    return getattr(last_step(estimator), "schedule", CONSTANT) != CONSTANT


def begin(estimator: Any, n_epochs: int) -> GoingOn:
    """Check an unfitted estimator, and let it train in parts."""
    check_goes_on(last_step(estimator), "EpochHalvingSearchCV")
    return GoingOn(estimator, n_epochs)


def _check_trained_here(network: Any) -> None:
    """Refuse what Keras trains: it does not promise the same bits in parts."""
    if getattr(network, "trainer_", "engine") != "engine":
        raise TypeError(
            "EpochHalvingSearchCV expects a network that skdeep's program trains; got "
            f"one with trainer_={network.trainer_!r}. Give it one that the program "
            "takes, or search with HalvingGridSearchCV(resource='epochs')."
        )
