"""Build functions that tests import, as a user's module would have them."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("skdeep_tests")
def build_dense(meta, units=8):
    """Two layers that fit any target."""
    n_outputs = meta["n_outputs_expected_"]
    endings = {"binary": "sigmoid", "multiclass": "softmax"}
    ending = endings.get(meta["target_type_"], "linear")
    if meta["target_type_"] == "multilabel-indicator":
        ending = "sigmoid"
    rows = keras.Input(meta["X_shape_"][1:])
    flat = layers.Flatten()(rows) if len(meta["X_shape_"]) > 2 else rows
    hidden = layers.Dense(units, activation="relu")(flat)
    hidden = layers.Dense(units, activation="relu")(hidden)
    if "classes_" not in meta:
        ending = "linear"
    return keras.Model(rows, layers.Dense(n_outputs, activation=ending)(hidden))


@keras.saving.register_keras_serializable("skdeep_tests")
def build_two_inputs():
    """An input of two values, and one of three steps."""
    left, right = keras.Input((2,), name="left"), keras.Input((3, 1), name="right")
    both = layers.concatenate([left, layers.Flatten()(right)])
    hidden = layers.Dense(8, activation="relu")(both)
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(hidden))
