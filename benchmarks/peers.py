"""Every peer behind one face: the same network, rows, batch size and epochs.

`estimator(peer, training, seed)` returns an unfitted object with `fit(X, y)` and
`predict(X)`; labels are 0..k-1. A peer's library is imported by its own function
and nowhere else, so that a process pays for one peer only. Where a library's
default differs from the network asked for (weights at the start, Adam's epsilon,
L2 on biases), the peer is told to do as Keras does.
"""

import os
import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np


@dataclass(frozen=True)
class Training:
    """A network and how it is trained."""

    input_shape: tuple[int, ...]
    n_classes: int | None = None  # None: regression with one output
    hidden_layer_sizes: tuple[int, ...] = (64, 64)
    dropout: float = 0.0  # after each hidden layer
    l2: float = 0.0  # on the kernels
    filters: tuple[tuple[int, ...], ...] = ()  # blocks of 3×3 convolutions
    pool_size: tuple[int | None, ...] = ()  # one pooling after each block
    padding: str = "same"
    optimizer: str = "adam"
    learning_rate: float = 0.001
    batch_size: int = 16
    epochs: int = 100

    @property
    def n_outputs(self) -> int:
        """Units of the last layer: one for a regression or two classes."""
        return 1 if self.n_classes in (None, 2) else self.n_classes

    @property
    def loss(self) -> str:
        """Keras' name of the loss that fits the targets."""
        if self.n_classes is None:
            return "mean_squared_error"
        if self.n_classes == 2:
            return "binary_crossentropy"
        return "sparse_categorical_crossentropy"

    @property
    def output_activation(self) -> str:
        """Keras' name of the last layer's activation."""
        if self.n_classes is None:
            return "linear"
        return "sigmoid" if self.n_classes == 2 else "softmax"


def estimator(peer: str, training: Training, seed: int):
    """Return the peer's unfitted estimator of this network."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return PEERS[peer](training, seed)


# --- skdeep -------------------------------------------------------------------


def skdeep(training: Training, seed: int):
    """Return our own estimator, everything not named here at its default."""
    import skdeep

    arguments = {
        "hidden_layer_sizes": training.hidden_layer_sizes,
        "dropout": training.dropout,
        "l2": training.l2,
        "optimizer": training.optimizer,
        "learning_rate": training.learning_rate,
        "batch_size": training.batch_size,
        "epochs": training.epochs,
        "early_stopping": False,
        "random_state": seed,
    }
    kind = "Regressor" if training.n_classes is None else "Classifier"
    if training.n_classes is None:
        arguments["normalize_y"] = False  # the others train on the target as it is
    if not training.filters:
        return getattr(skdeep, f"DNN{kind}")(**arguments)
    return getattr(skdeep, f"CNN{kind}")(
        training.filters,
        pool_size=training.pool_size,
        padding=training.padding,
        **arguments,
    )


# --- Keras and the wrappers around it --------------------------------------------


def keras_network(training: Training):
    """Return the network, built and not compiled."""
    import keras

    layers = [keras.Input(training.input_shape)]
    for block, pool_size in zip(training.filters, training.pool_size, strict=True):
        for n_filters in block:
            layers.append(
                keras.layers.Conv2D(
                    n_filters, 3, padding=training.padding, activation="relu"
                )
            )
        if pool_size is not None:
            layers.append(
                keras.layers.MaxPooling2D(pool_size, padding=training.padding)
            )
    if training.filters:
        layers.append(keras.layers.Flatten())
    penalty = keras.regularizers.L2(training.l2) if training.l2 else None
    for units in training.hidden_layer_sizes:
        layers.append(
            keras.layers.Dense(units, activation="relu", kernel_regularizer=penalty)
        )
        if training.dropout:
            layers.append(keras.layers.Dropout(training.dropout))
    layers.append(
        keras.layers.Dense(
            training.n_outputs,
            activation=training.output_activation,
            kernel_regularizer=penalty,
        )
    )
    return keras.Sequential(layers)


def compiled_network(training: Training, **compile_arguments):
    """Return the network ready for `fit`, with the loss as its only measure."""
    import keras

    network = keras_network(training)
    optimizer = keras.optimizers.get(
        {
            "class_name": training.optimizer,
            "config": {"learning_rate": training.learning_rate},
        }
    )
    network.compile(optimizer=optimizer, loss=training.loss, **compile_arguments)
    return network


class KerasFit:
    """Plain Keras as a user writes it: build, compile, `fit`, `predict`.

    With `keep_model`, the model is built and traced once and every later fit
    starts it from new weights and a new optimizer state: the time of the batches
    alone, the most that reuse by hand can save.
    """

    def __init__(self, training, seed, *, keep_model=False, **compile_arguments):
        self.training = training
        self.seed = seed
        self.keep_model = keep_model
        self.compile_arguments = compile_arguments
        self.model_ = None

    def fit(self, X, y):
        """Train a new model, or the kept one from new weights."""
        import keras

        keras.utils.set_random_seed(self.seed)
        if self.model_ is None or not self.keep_model:
            self.model_ = compiled_network(self.training, **self.compile_arguments)
            self._first_weights = self.model_.get_weights()
        else:
            self.model_.set_weights(self._first_weights)
            for variable in self.model_.optimizer.variables:
                if variable.path.endswith("learning_rate"):
                    continue
                variable.assign(np.zeros(variable.shape, variable.dtype))
        self.model_.fit(
            X,
            y,
            batch_size=self.training.batch_size,
            epochs=self.training.epochs,
            verbose=0,
        )
        return self

    def predict(self, X):
        """Return values or class numbers."""
        predicted = self.model_.predict(X, verbose=0)
        return _labels_or_values(predicted, self.training)


def scikeras(training: Training, seed: int | None):
    """Return SciKeras' wrapper around the uncompiled network.

    With a seed, SciKeras switches TensorFlow's op determinism on for the fit.
    """
    from scikeras.wrappers import KerasClassifier, KerasRegressor

    wrapper = KerasRegressor if training.n_classes is None else KerasClassifier
    return wrapper(
        model=partial(keras_network, training),
        optimizer=training.optimizer,
        optimizer__learning_rate=training.learning_rate,
        loss=training.loss,
        batch_size=training.batch_size,
        epochs=training.epochs,
        verbose=0,
        random_state=seed,
    )


def keras_wrappers(training: Training, seed: int):
    """Return Keras' own scikit-learn wrapper; its classifier wants one-hot losses."""
    import keras
    from keras.wrappers import SKLearnClassifier, SKLearnRegressor

    keras.utils.set_random_seed(seed)
    wrapper = SKLearnRegressor if training.n_classes is None else SKLearnClassifier
    return wrapper(
        model=_network_for_wrapper,
        model_kwargs={"training": training},
        fit_kwargs=fit_arguments(training),
    )


def fit_arguments(training: Training) -> dict:
    """Return what `keras.Model.fit` is told."""
    return {
        "batch_size": training.batch_size,
        "epochs": training.epochs,
        "verbose": 0,
    }


def _network_for_wrapper(X, y, training):
    network = compiled_network(training)
    if training.n_classes is not None:
        network.compile(optimizer=network.optimizer, loss="categorical_crossentropy")
    return network


def _labels_or_values(predicted, training):
    """Return class numbers, or the values of a regression as a vector."""
    if training.n_classes is None:
        return predicted[:, 0]
    if training.n_classes == 2:
        return (predicted[:, 0] > 0.5).astype("int64")
    return predicted.argmax(axis=1)


# --- PyTorch ----------------------------------------------------------------------


class Skorch:
    """skorch's estimator, with the target in the shape and type PyTorch wants.

    Small networks get one thread, unless `tuned` is false: with more, PyTorch's threads
    wait for each other longer than they work, and on a machine that does anything else
    ten times so.
    """

    def __init__(self, training, seed, *, tuned=True):
        import torch
        from skorch import NeuralNetClassifier, NeuralNetRegressor

        is_small = (
            not training.filters and max(training.hidden_layer_sizes, default=0) < 256
        )
        if is_small and tuned:
            torch.set_num_threads(1)
        torch.manual_seed(seed)
        self.training = training
        regression = training.n_classes is None
        wrapper = NeuralNetRegressor if regression else NeuralNetClassifier
        criterion = torch.nn.MSELoss if regression else torch.nn.CrossEntropyLoss
        arguments = {
            "adam": {"optimizer": torch.optim.Adam, "optimizer__eps": 1e-7},
            "rmsprop": {
                "optimizer": torch.optim.RMSprop,
                "optimizer__eps": 1e-7,
                "optimizer__alpha": 0.9,
            },
        }[training.optimizer]
        if training.l2:
            # Keras adds l2·Σw² to the loss: a gradient of 2·l2·w, on kernels only.
            decay = {"weight_decay": 2 * training.l2}
            arguments["optimizer__param_groups"] = [("*.weight", decay)]
        self.estimator = wrapper(
            torch_network(training),
            criterion=criterion,
            lr=training.learning_rate,
            batch_size=training.batch_size,
            max_epochs=training.epochs,
            train_split=None,
            iterator_train__shuffle=True,
            verbose=0,
            **arguments,
        )

    def fit(self, X, y):
        """Train; the conversion of the target is part of it."""
        self.estimator.fit(self._rows(X), self._target(y))
        return self

    def predict(self, X):
        """Return values or class numbers."""
        predicted = self.estimator.predict(self._rows(X))
        return predicted[:, 0] if self.training.n_classes is None else predicted

    def _rows(self, X):
        # PyTorch's images are (n, channels, height, width).
        return X if X.ndim == 2 else np.ascontiguousarray(X.transpose(0, 3, 1, 2))

    def _target(self, y):
        if self.training.n_classes is None:
            return np.asarray(y, dtype="float32").reshape(-1, 1)
        return np.asarray(y, dtype="int64")


def torch_network(training: Training):
    """Return the same layers as a `torch.nn.Sequential`, started as Keras starts them.

    Two classes get two outputs here: skorch's classifier expects them.
    """
    from torch import nn

    def started(layer):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        return layer

    layers, shape = [], training.input_shape
    if training.filters:
        height, width, channels = shape
    for block, pool_size in zip(training.filters, training.pool_size, strict=True):
        for n_filters in block:
            convolution = nn.Conv2d(channels, n_filters, 3, padding=training.padding)
            layers += [started(convolution), nn.ReLU()]
            channels = n_filters
            if training.padding == "valid":
                height, width = height - 2, width - 2
        if pool_size is not None:
            whole = training.padding == "same"
            layers.append(nn.MaxPool2d(pool_size, ceil_mode=whole))
            height, width = (
                -(-side // pool_size) if whole else side // pool_size
                for side in (height, width)
            )
    n_in = height * width * channels if training.filters else shape[0]
    if training.filters:
        layers.append(nn.Flatten())
    for units in training.hidden_layer_sizes:
        layers += [started(nn.Linear(n_in, units)), nn.ReLU()]
        if training.dropout:
            layers.append(nn.Dropout(training.dropout))
        n_in = units
    layers.append(started(nn.Linear(n_in, training.n_classes or 1)))
    return nn.Sequential(*layers)


# --- scikit-learn and the limit ----------------------------------------------------


def mlp(training: Training, seed: int):
    """Return scikit-learn's network, kept from stopping before the last epoch.

    It has no dropout; its loss is half of Keras' squared error, which Adam does not
    notice.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    # It warns after every fit that went through all its epochs, as all of these do.
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    if training.dropout or training.filters:
        raise ValueError("scikit-learn's MLP has neither dropout nor convolutions.")
    kind = MLPRegressor if training.n_classes is None else MLPClassifier
    # Its penalty is alpha/2·Σw² over the rows of a batch, its squared error halved.
    scale = 1 if training.n_classes is None else 2
    return kind(
        hidden_layer_sizes=training.hidden_layer_sizes,
        alpha=scale * training.l2 * training.batch_size,
        batch_size=training.batch_size,
        learning_rate_init=training.learning_rate,
        max_iter=training.epochs,
        tol=0.0,
        n_iter_no_change=training.epochs,
        epsilon=1e-7,
        random_state=seed,
    )


def jax_scan(training: Training, seed: int, generator: str = "threefry2x32"):
    """Return the loop written by hand, for dense networks trained with Adam."""
    from benchmarks.jax_scan import Loop, Numbers, ScanNetwork

    loop = Loop(
        batch_size=training.batch_size,
        n_classes=training.n_classes,
        drops=training.dropout > 0,
        penalises=training.l2 > 0,
    )
    numbers = Numbers(training.learning_rate, training.dropout, training.l2)
    n_outputs = training.n_classes or 1
    sizes = (*training.input_shape, *training.hidden_layer_sizes, n_outputs)
    return ScanNetwork(sizes, training.epochs, loop, numbers, seed, generator)


OURS = "skdeep"
SCIKERAS = "SciKeras"
SCIKERAS_SEEDED = "SciKeras, random_state"
KERAS_WRAPPERS = "keras.wrappers"
KERAS = "Keras fit"
KERAS_KEPT = "Keras fit, model kept"
KERAS_TUNED = "Keras fit, jit_compile and steps_per_execution"
SKORCH = "skorch"
SKORCH_UNTUNED = "skorch, PyTorch's own number of threads"
MLP = "scikit-learn MLP"
JAX = "JAX scan"
JAX_CHEAP = "JAX scan, cheap random numbers"

PEERS = {
    OURS: skdeep,
    SCIKERAS: lambda training, seed: scikeras(training, None),
    SCIKERAS_SEEDED: scikeras,
    KERAS_WRAPPERS: keras_wrappers,
    KERAS: KerasFit,
    KERAS_KEPT: partial(KerasFit, keep_model=True),
    KERAS_TUNED: partial(KerasFit, jit_compile=True, steps_per_execution=32),
    SKORCH: Skorch,
    SKORCH_UNTUNED: partial(Skorch, tuned=False),
    MLP: mlp,
    JAX: jax_scan,
    JAX_CHEAP: partial(jax_scan, generator="unsafe_rbg"),
}
