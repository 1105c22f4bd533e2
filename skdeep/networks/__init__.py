"""Networks as frozen values: what they look like, what they compute, their twins.

- ``_network`` says what the engine and the exports ask of any network.
- ``_layer_stack`` is a network of layers one behind the other; ``layers`` has them,
  one file each.
- ``_from_parameters`` stacks the layers that an estimator's parameters ask for.
- ``_keras_network`` is a Keras model of the user's own; ``_keras_config`` makes its
  configuration comparable, ``_keras_template`` is the formula that it gives,
  and ``_keras_seeds`` says what it draws where Keras trains it.
- ``_head`` is what a target implies: units, output activation, losses, coding.
- ``_memory`` has arrays for training in NumPy.

A network holds no number that may change from fit to fit: dropout rates and penalties
come with every call. No training code lives here.
"""
