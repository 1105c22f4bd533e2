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
