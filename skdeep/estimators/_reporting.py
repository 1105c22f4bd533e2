"""Show a fit in progress as a fitted estimator, epoch by epoch.

What looks at it calls ``predict`` and ``score``; it changes nothing of the run.
"""

from __future__ import annotations

from skdeep.callbacks._callback import Callback


class EpochReport(Callback):
    """Give the estimator the weights of every epoch, then call ``report(epoch)``.

    Parameters
    ----------
    estimator : NetworkEstimator
        In whose fit the run happens; its ``_fitted`` is set after every epoch.
    job : Job
        What trains.
    report : callable
        Called with the number of epochs done.
    """

    max_epochs_between_looks = 1

    def __init__(self, estimator, job, report):
        self.estimator = estimator
        self.job = job
        self.report = report

    def on_epoch_end(self, run, logs):
        """Let the estimator predict as if this epoch were the last."""
        weights = [run.program.numpy(w) for w in run.program.finish(run.state).weights]
        self.estimator._fitted = self.estimator._network(self.job, weights)
        self.report(run.epoch)
