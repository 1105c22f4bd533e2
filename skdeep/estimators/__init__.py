"""What the user holds: constructor, docstring, and the few hooks that differ."""

from skdeep.estimators._cnn import CNNClassifier, CNNRegressor
from skdeep.estimators._dnn import DNNClassifier, DNNRegressor
from skdeep.estimators._keras_estimators import KerasClassifier, KerasRegressor
from skdeep.estimators._rnn import RNNClassifier, RNNRegressor
from skdeep.estimators._table_columns import TableColumns
from skdeep.estimators._tabular import TabularClassifier, TabularRegressor
from skdeep.estimators._transformer import NetworkTransformer

__all__ = [
    "CNNClassifier",
    "CNNRegressor",
    "DNNClassifier",
    "DNNRegressor",
    "KerasClassifier",
    "KerasRegressor",
    "NetworkTransformer",
    "RNNClassifier",
    "RNNRegressor",
    "TableColumns",
    "TabularClassifier",
    "TabularRegressor",
]
