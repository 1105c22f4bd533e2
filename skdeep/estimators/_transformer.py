"""A network's hidden layer as a transformer: features that were learnt."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from sklearn import get_config
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    MetaEstimatorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.validation import check_is_fitted

from skdeep._sklearn import HasMethods, Interval, fit_context


class NetworkTransformer(
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
    """Transform rows into the outputs of a network's hidden layer.

    Parameters
    ----------
    estimator : estimator of skdeep, Pipeline that ends in one, or search over one
        The network. It is cloned and fitted; inside ``FrozenEstimator`` it is one that
        was trained before and stays as it is, also in clones, as with
        ``net.as_transformer()``.
    layer : int or str, default=-2
        The layer, by its number in ``model_.layers`` or by its name; ``summary()``
        lists them. -2 is the last one in front of the output; take an earlier one for
        data that are less like those of the training.

    Attributes
    ----------
    estimator_ : estimator
        The fitted network.
    n_features_in_ : int
        Features seen in fit.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, if X had names that are strings.

    See Also
    --------
    sklearn.feature_selection.SelectFromModel : Features that a model finds important.

    Notes
    -----
    Outputs with several axes, such as those of convolutions, come out flat, channels
    running fastest.

    Examples
    --------
    What a network has learnt of three digits helps to tell ten apart:

    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from skdeep import DNNClassifier, NetworkTransformer
    >>> X, y = load_digits(return_X_y=True)
    >>> X = X / 16
    >>> net = DNNClassifier((32,), epochs=10, random_state=0).fit(X[y < 3], y[y < 3])
    >>> pipe = make_pipeline(net.as_transformer(), LogisticRegression(max_iter=1000))
    >>> bool(pipe.fit(X, y).score(X, y) > 0.9)
    True

    A network that is trained with the pipeline:

    >>> pipe = make_pipeline(
    ...     NetworkTransformer(DNNClassifier((32,), epochs=10, random_state=0)),
    ...     LogisticRegression(max_iter=1000),
    ... )
    >>> bool(pipe.fit(X[:900], y[:900]).score(X[900:], y[900:]) > 0.9)
    True
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict"])],
        "layer": [str, Interval(Integral, None, None, closed="neither")],
    }

    def __init__(self, estimator: Any, layer: int | str = -2):
        self.estimator = estimator
        self.layer = layer

    # What is inside is validated by its own fit.
    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any = None, **fit_params: Any) -> NetworkTransformer:
        """Train the network, unless it is frozen.

        Parameters
        ----------
        X : array-like
            Rows as the network takes them.
        y : array-like, default=None
            Their targets; a frozen network needs none.
        **fit_params : dict
            What else the network's ``fit`` takes, such as ``sample_weight``.

        Returns
        -------
        self : object
            The transformer.
        """
        if get_config()["enable_metadata_routing"]:
            fit_params = process_routing(self, "fit", **fit_params).estimator.fit
        self.estimator_ = clone(self.estimator).fit(X, y, **fit_params)
        self._forget()
        self._hidden()  # refuses a layer that there is not
        return self

    def transform(self, X: Any) -> Any:
        """Return the outputs of the layer.

        Parameters
        ----------
        X : array-like
            Rows as the network takes them.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Floats of the network's precision.
        """
        check_is_fitted(self)
        for step in _steps_before(self._inner()):
            X = step.transform(X)
        net = _network_in(self._inner())
        return self._hidden().predict(net._check_X(X, reset=False))

    def get_metadata_routing(self) -> MetadataRouter:
        """Say who gets the metadata of ``fit``.

        Returns
        -------
        MetadataRouter
            The network gets them.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    @property
    def n_features_in_(self) -> int:
        """Features seen in fit."""
        return int(self._inner().n_features_in_)

    @property
    def feature_names_in_(self) -> Any:
        """Names of the features seen in fit."""
        return self._inner().feature_names_in_

    @property
    def _n_features_out(self) -> int:
        """How many features come out."""
        from skdeep.engine._hidden import n_outputs_of

        return n_outputs_of(self._hidden())

    def _inner(self) -> Any:
        """What was fitted: by this transformer, or before."""
        return getattr(self, "estimator_", self.estimator)

    def _hidden(self) -> Any:
        """What predicts the outputs of the layer; made once.

        Sets: ``_hidden_network``.
        """
        net = _network_in(self._inner())
        found = getattr(self, "_hidden_network", None)
        # Of this very network and layer, which set_params may have changed.
        if found is None or found[:2] != (net._fitted, self.layer):
            from skdeep.engine._hidden import hidden_network

            made = hidden_network(net._fitted, self.layer)
            self._hidden_network = found = (net._fitted, self.layer, made)
        return found[2]

    def _forget(self) -> None:
        """Leave out what can be made again."""
        vars(self).pop("_hidden_network", None)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what can be made again."""
        state = dict(super().__getstate__())
        state.pop("_hidden_network", None)
        return state

    def __sklearn_is_fitted__(self) -> bool:
        """A frozen network is fitted before the transformer is."""
        return hasattr(self, "estimator_") or _is_frozen(self.estimator)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks about the estimator: mostly that of the network."""
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.transformer_tags.preserves_dtype = []  # networks compute in their own
        is_trained = not _is_frozen(self.estimator)
        tags.target_tags.required = inner.target_tags.required and is_trained
        return tags


def _is_frozen(estimator: Any) -> bool:
    """Whether it is a ``FrozenEstimator``, imported late for the sake of starting."""
    from sklearn.frozen import FrozenEstimator

    return isinstance(estimator, FrozenEstimator)


def _best(estimator: Any) -> Any:
    """What is inside of a frozen estimator or a search."""
    while _is_frozen(estimator) or hasattr(estimator, "best_estimator_"):
        is_search = hasattr(estimator, "best_estimator_")
        estimator = estimator.best_estimator_ if is_search else estimator.estimator
    return estimator


def _steps_before(estimator: Any) -> list[Any]:
    """The transformers in front of the network, those that are not left out."""
    estimator = _best(estimator)
    if not hasattr(estimator, "steps"):
        return []
    *before, (_, last) = estimator.steps
    steps = [step for _, step in before if step not in (None, "passthrough")]
    return [*steps, *_steps_before(last)]


def _network_in(estimator: Any) -> Any:
    """The network itself."""
    estimator = _best(estimator)
    while hasattr(estimator, "steps"):
        estimator = _best(estimator.steps[-1][1])
    if not hasattr(estimator, "_check_X"):
        raise TypeError(
            "NetworkTransformer expects an estimator of skdeep; got "
            f"{type(estimator).__name__}. Give a network, a Pipeline that ends in one, "
            "or a search over one."
        )
    check_is_fitted(estimator)
    return estimator
