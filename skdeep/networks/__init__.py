"""Networks as plain, frozen descriptions, and the Keras layers built from them.

A description says what a network looks like and holds no number that may change
from fit to fit. It can be built in two ways: ``TrainableNetwork`` reads its
dropout rates and penalties from the running program, ``standard_model`` writes
them as constants into ordinary Keras layers. No training code lives here.
"""
