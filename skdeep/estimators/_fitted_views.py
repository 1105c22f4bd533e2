"""What a fitted estimator shows of itself: model, history, layers, exports."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_is_fitted

from skdeep.estimators._html import HTMLView

if TYPE_CHECKING:
    import pandas as pd


class FittedViews(HTMLView):
    """Ways to look at a fitted network and to take it away; none changes it."""

    def __dir__(self) -> list[str]:
        """Name what is there, as scikit-learn does, without making ``model_``.

        It reads every attribute for that; pressing Tab would load TensorFlow.
        """
        names = object.__dir__(self)
        lazy = {"model_"} if hasattr(self, "_fitted") else set()
        return [name for name in names if name in lazy or hasattr(self, name)]

    @property
    def model_(self) -> Any:
        """The fitted network as a Keras model of standard layers.

        It takes rows of the network's input shape as floats and gives probabilities
        or numbers; it saves, loads and predicts where skdeep is not installed. It is a
        copy: training it changes no prediction of the estimator, see ``set_weights``.
        """
        check_is_fitted(self)
        return self._fitted.model

    @property
    def loss_curve_(self) -> list[float]:
        """The training loss after every epoch, as scikit-learn's MLP calls it."""
        check_is_fitted(self)
        return self.history_["loss"]

    def _described_inputs(self):
        """The names of the network's inputs, and what makes them of a raw table."""
        return getattr(self, "feature_names_in_", None), None

    def history_frame(self) -> pd.DataFrame:
        """Return ``history_`` as a table.

        Returns
        -------
        pandas.DataFrame of shape (n_epochs, n_columns)
            One row per epoch, counted from 1; columns are loss, metrics, their
            ``val_*`` twins, and the learning rate.
        """
        import pandas as pd

        check_is_fitted(self)
        n_epochs = len(self.history_["loss"])
        index = pd.RangeIndex(1, n_epochs + 1, name="epoch")
        return pd.DataFrame(self.history_, index=index)

    def summary(self) -> pd.DataFrame:
        """Return the layers of the fitted network as a table.

        Returns
        -------
        pandas.DataFrame
            One row per layer with its kind, output shape and number of parameters;
            ``frame.attrs["n_parameters"]`` is their sum.
        """
        import pandas as pd

        check_is_fitted(self)
        model = self._fitted.model
        rows = [
            (
                layer.name,
                type(layer).__name__,
                tuple(layer.output.shape[1:]),
                layer.count_params(),
            )
            for layer in model.layers
        ]
        columns = ["layer", "kind", "output_shape", "n_parameters"]
        frame = pd.DataFrame(rows, columns=columns).set_index("layer")
        frame.attrs["n_parameters"] = model.count_params()
        return frame

    def as_transformer(self, layer: int | str = -2) -> Any:
        """Return a transformer that gives the outputs of a hidden layer.

        The network stays as it is, in clones and pipelines, too.

        Parameters
        ----------
        layer : int or str, default=-2
            The layer, by its number in ``model_.layers`` or by its name.

        Returns
        -------
        NetworkTransformer
            Ready to transform; inside of a Pipeline or not.

        See Also
        --------
        NetworkTransformer : With a network that is trained in a Pipeline.
        """
        check_is_fitted(self)
        from sklearn.frozen import FrozenEstimator

        from skdeep.estimators._transformer import NetworkTransformer

        return NetworkTransformer(FrozenEstimator(self), layer)

    def export(self, path: str | PathLike[str], format: str = "keras") -> None:
        """Write the fitted network for programs that have no skdeep.

        The network takes float rows of the shape it was trained on and returns what
        ``model_`` returns: one probability per class, for two classes only that of
        the second; one per label; or the targets in their units. What the rows and
        the outputs mean, with classes and names of features, is in a JSON text
        ``skdeep.json`` that travels along.

        Parameters
        ----------
        path : str or path-like
            The file, ending in ``.keras`` or ``.onnx``, or the folder of a SavedModel.
            What is there is replaced when all is written.
        format : {"keras", "saved_model", "onnx"}, default="keras"
            - "keras": for ``keras.saving.load_model`` on any backend; the JSON is one
              more member of the zip file.
            - "saved_model": for TensorFlow and TensorFlow Serving; the function is
              ``serve``, the JSON in the folder ``assets.extra``.
            - "onnx": for ONNX Runtime and others, in single precision whatever
              ``dtype`` is; the JSON is in the metadata under "skdeep". Needs the
              package onnx (``pip install 'skdeep[onnx]'``); a network of your own is
              written by Keras, in its precision, and needs tf2onnx, too.

        Raises
        ------
        ValueError
            If the format is unknown, or does not have the activation.
        OSError
            If the file cannot be written.

        See Also
        --------
        skdeep.save : Keep the whole estimator.

        Examples
        --------
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> import keras
        >>> from sklearn.datasets import load_iris
        >>> from skdeep import DNNClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> net = DNNClassifier((8,), epochs=5, random_state=0).fit(X, y)
        >>> with TemporaryDirectory() as folder:
        ...     net.export(Path(folder) / "iris.keras")
        ...     model = keras.saving.load_model(Path(folder) / "iris.keras")
        >>> model.predict(X, verbose=0).shape
        (150, 3)
        """
        check_is_fitted(self)
        from skdeep.export import export_network
        from skdeep.export._conventions import describe_conventions

        # What Keras has trained says of itself what a network does.
        network: Any = getattr(self._fitted, "network", self._fitted)
        conventions = describe_conventions(
            type(self).__name__,
            network,
            self._head,
            *self._described_inputs(),
        )
        export_network(self._fitted, conventions, path, format)
