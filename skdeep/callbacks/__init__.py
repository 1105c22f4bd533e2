"""What looks at a fit between two epochs: early stopping, displays, foreign callbacks.

An observer is told of every epoch and may change the learning rate or ask to stop;
see ``Observer``. It imports nothing of the engine.
"""
