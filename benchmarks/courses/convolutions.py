"""C1 to C4: convolutional networks for MNIST and CIFAR-10."""

import tempfile
from pathlib import Path

import numpy as np

from benchmarks.courses.images import cifar10, mnist
from benchmarks.courses.row import Figure, above, exactly, near, row
from skdeep import CNNClassifier
from skdeep.persistence import load, save

# What the same network reaches in plain Keras on the CIFAR-10 file of this project,
# mean over the seeds 0, 1 and 2; `keras_accuracy` below measures it.
KERAS_ACCURACY = 0.488


@row(
    "C1",
    "MNIST, convolutions 32 and 64",
    Figure("test accuracy, 3 epochs", "> 0.98", above(0.98), above(0.8)),
)
def mnist_convolutions(small, seed):
    """Two convolutions and a softmax."""
    X_train, X_test, y_train, y_test = mnist(small)
    net = CNNClassifier(
        ((32, 64),),
        pool_size=None,
        padding="valid",
        image_shape=(28, 28, 1),
        hidden_layer_sizes=(),
        epochs=1 if small else 3,
        batch_size=64 if small else 128,
        random_state=seed,
    )
    return [net.fit(X_train, y_train).score(X_test, y_test)]


def photo_network(seed, **parameters):
    """Return the network of C2."""
    return CNNClassifier(
        ((32,), (64, 128), (256,)),
        pool_size=(2, 2, None),
        padding="valid",
        hidden_layer_sizes=(128,),
        dropout=0.25,
        optimizer="rmsprop",
        random_state=seed,
        **parameters,
    )


@row(
    "C2",
    "CIFAR-10, convolutions 32, 64, 128, 256",
    Figure("parameters", "684,746", exactly(684_746), exactly(684_746)),
    Figure(
        "test accuracy, 10,000 images",
        f"0.728 with 50,000; Keras here {KERAS_ACCURACY}",
        near(KERAS_ACCURACY, 0.03),
        above(0.15),
    ),
    Figure("validation columns", "2", exactly(2), exactly(2)),
)
def photos(small, seed):
    """The test images validate, as in the course; nothing is chosen by them."""
    X_train, X_test, y_train, y_test = cifar10(small)
    if small:
        X_train, y_train = X_train[:512], y_train[:512]
        X_test, y_test = X_test[:256], y_test[:256]
    size = (
        {"epochs": 3, "batch_size": 16} if small else {"epochs": 10, "batch_size": 128}
    )
    net = photo_network(seed, **size)
    net.fit(X_train, y_train, X_val=X_test, y_val=y_test)
    return (
        net.summary().attrs["n_parameters"],
        net.score(X_test, y_test),
        len([name for name in net.history_ if name.startswith("val_")]),
    )


def keras_accuracy(seed):
    """Train the network of C2 in plain Keras on the same images."""
    import keras
    from keras import layers

    X_train, X_test, y_train, y_test = cifar10(small=False)
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(256, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X_train, y_train, batch_size=128, epochs=10, verbose=0)
    return model.evaluate(X_test, y_test, verbose=0)[1]


@row(
    "C3",
    "CIFAR-10, convolutions with batch normalisation",
    Figure("test accuracy, 3 epochs", "runs", above(0.3), above(0.1)),
    Figure("biases in convolutions", "0", exactly(0), exactly(0)),
)
def normalised_photos(small, seed):
    """Normalisation stands between convolution and activation."""
    X_train, X_test, y_train, y_test = cifar10(small)
    if small:
        X_train, y_train = X_train[:512], y_train[:512]
        X_test, y_test = X_test[:256], y_test[:256]
    net = CNNClassifier(
        ((32, 32),),
        batch_normalization=True,
        hidden_layer_sizes=(128,),
        batch_size=4 if small else 64,
        epochs=1 if small else 3,
        random_state=seed,
    ).fit(X_train, y_train)
    convolutions = [net.model_.get_layer(f"convolution_{i}") for i in (1, 2)]
    return net.score(X_test, y_test), sum(layer.use_bias for layer in convolutions)


@row(
    "C4",
    "C2 saved, loaded, 10,000 images predicted",
    Figure("images predicted", "10,000", exactly(10_000), exactly(500)),
    Figure("predictions that differ", "0", exactly(0), exactly(0)),
)
def saved_photos(small, seed):
    """A file holds the whole estimator."""
    X_train, X_test, y_train, _ = cifar10(small)
    n_rows = 128 if small else 1024
    net = photo_network(seed, epochs=1, batch_size=128).fit(
        X_train[:n_rows], y_train[:n_rows]
    )
    images = X_test[:500] if small else X_train
    with tempfile.TemporaryDirectory() as folder:
        save(net, Path(folder) / "photos.skdeep")
        loaded = load(Path(folder) / "photos.skdeep")
    before, after = net.predict_proba(images), loaded.predict_proba(images)
    return len(after), np.sum(before.argmax(axis=1) != after.argmax(axis=1))
