"""What looks at a fit between two epochs: early stopping, displays, foreign callbacks.

A callback is told of every epoch and may change the learning rate or ask to stop;
see ``Callback``. It imports nothing of the engine.
"""

from skdeep.callbacks._optuna import OptunaPruning

__all__ = ["OptunaPruning"]
