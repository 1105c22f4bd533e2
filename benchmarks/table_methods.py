"""The methods that are compared on the tables, each as a new estimator.

Candidates for defaults come and go; those here are what the documentation quotes. All
networks but RealMLP and the Tabular estimators stand behind one ordinary
`ColumnTransformer`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.compose import (
    ColumnTransformer,
    TransformedTargetRegressor,
    make_column_selector,
    make_column_transformer,
)
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

Make = Callable[[bool, int], Any]  # is it a classification, random_state -> estimator

MLP = "scikit-learn MLP, y scaled"
BOOSTING = "HistGradientBoosting"
REAL_MLP = "RealMLP-TD-S"
PEERS = (MLP, BOOSTING, REAL_MLP)
DNN = "DNN*()"
TABULAR = "Tabular*()"

numeric_columns = make_column_selector(dtype_include="number")


def ordinary_preprocessing() -> ColumnTransformer:
    """Return what a tutorial would write for a mixed table."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    )
    return ColumnTransformer(
        [
            ("numbers", numbers, numeric_columns),
            ("categories", categories, make_column_selector(dtype_exclude="number")),
        ]
    )


def mlp(classifies: bool, seed: int) -> Any:
    """Return scikit-learn's MLP; a regressor standardises the target."""
    if classifies:
        net: Any = MLPClassifier(random_state=seed)
    else:
        net = TransformedTargetRegressor(
            MLPRegressor(random_state=seed), transformer=StandardScaler()
        )
    return make_pipeline(ordinary_preprocessing(), net)


def boosting(classifies: bool, seed: int) -> Any:
    """Return boosted trees that know which columns are categories."""
    cls = (
        HistGradientBoostingClassifier if classifies else HistGradientBoostingRegressor
    )
    trees = cls(categorical_features="from_dtype", random_state=seed)
    return make_pipeline(FunctionTransformer(with_categories), trees)


def with_categories(X: Any) -> Any:
    """Return a frame whose columns of text are categories."""
    texts = X.select_dtypes(exclude="number").columns
    return X.astype(dict.fromkeys(texts, "category"))


def dnn(classifies: bool, seed: int, **parameters: Any) -> Any:
    """Return ours behind the same preprocessing as scikit-learn's."""
    from skdeep import DNNClassifier, DNNRegressor

    cls = DNNClassifier if classifies else DNNRegressor
    net = cls(random_state=seed, **parameters)
    return make_pipeline(ordinary_preprocessing(), net)


def tabular(classifies: bool, seed: int, **parameters: Any) -> Any:
    """Return ours that takes the table as it comes."""
    from skdeep import TabularClassifier, TabularRegressor

    cls = TabularClassifier if classifies else TabularRegressor
    return cls(random_state=seed, **parameters)


def real_mlp(classifies: bool, seed: int) -> Any:
    """Return RealMLP-TD-S, which needs the package pytabkit and with it PyTorch."""
    try:
        from pytabkit import RealMLP_TD_S_Classifier, RealMLP_TD_S_Regressor
    except ImportError as error:
        raise SystemExit(
            f"The method {REAL_MLP!r} needs the package pytabkit, which is not "
            "installed. Install it with: pip install pytabkit"
        ) from error
    cls = RealMLP_TD_S_Classifier if classifies else RealMLP_TD_S_Regressor
    net = cls(random_state=seed, device="cpu", n_threads=1, verbosity=0)
    # It refuses missing numbers; missing categories it takes.
    numbers = (SimpleImputer(strategy="median"), numeric_columns)
    filled = make_column_transformer(
        numbers, remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")
    return make_pipeline(filled, FunctionTransformer(with_categories), net)


METHODS: dict[str, Make] = {
    MLP: mlp,
    BOOSTING: boosting,
    REAL_MLP: real_mlp,
    DNN: dnn,
    TABULAR: tabular,
}
