"""Show a fit in progress as a fitted estimator, epoch by epoch.

What looks at it calls ``predict`` and ``score``; it changes nothing of the run.
"""

from __future__ import annotations

from skdeep.callbacks._callback import Observer


class EpochReport(Observer):
    """Give the estimator the weights of every epoch, then call ``report(epoch)``.

    Parameters
    ----------
    estimator : NetworkEstimator
        In whose fit the run happens; its ``_fitted`` is set after every epoch.
    network : Network
        The architecture.
    numbers : dict of str to float
        What it is trained with.
    report : callable
        Called with the number of epochs done.
    """

    every = 1

    def __init__(self, estimator, network, numbers, report):
        self.estimator = estimator
        self.network = network
        self.numbers = numbers
        self.report = report

    def on_epoch_end(self, run, logs):
        """Let the estimator predict as if this epoch were the last."""
        from skdeep.engine._fitted import FittedNetwork

        weights = [w.numpy() for w in run.program.finish(run.state).weights]
        self.estimator._fitted = FittedNetwork(
            self.network, self.numbers, weights, self.estimator._rescaling()
        )
        self.report(run.epoch)
