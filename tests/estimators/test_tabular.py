"""Tables as they come: every kind of column in, missing values anywhere."""

import datetime
import json

import numpy as np
import onnx
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skdeep
from skdeep import DNNClassifier, TabularClassifier, TabularRegressor

N_ROWS = 60
RNG = np.random.RandomState(0)
PRICE = RNG.lognormal(sigma=2, size=N_ROWS)
SMALL = {
    "hidden_layer_sizes": (6,),
    "epochs": 3,
    "n_members": 2,
    "numeric_embedding": None,
    "random_state": 0,
    "jit_compile": False,
}


def table():
    """Sixty customers with a column of every kind."""
    cycle = np.arange(N_ROWS)
    return pd.DataFrame(
        {
            "age": np.where(cycle % 7 == 0, np.nan, 20.0 + cycle),
            "children": pd.array([None, 1, 2] * 20, dtype="Int64"),
            "member": pd.array([True, None, False] * 20, dtype="boolean"),
            "city": pd.Series(["Ulm", "Bonn", None] * 20, dtype="string"),
            "size": pd.Categorical(["S", "M", None, "L"] * 15),
            "code": [1, "x", None] * 20,
            "since": pd.date_range("2020-01-31", periods=N_ROWS, freq="D"),
            "spent": PRICE,
            "constant": 1.0,
            "empty": None,
        }
    )


X = table()
Y = np.where(X["age"].fillna(50) + 5 * np.arange(N_ROWS) % 3 > 52, "yes", "no")


@pytest.fixture(scope="module")
def net():
    """A classifier of the customers."""
    return TabularClassifier(**SMALL).fit(X, Y)


@pytest.mark.fast
def test_any_columns_are_fitted_and_predicted(net):
    """A DataFrame of every kind of column goes in as it is and is not changed."""
    before = X.copy(deep=True)

    probabilities = net.predict_proba(X)

    pd.testing.assert_frame_equal(X, before)
    assert np.isfinite(probabilities).all()
    assert net.feature_names_in_.tolist() == list(X.columns)
    assert net.n_features_in_ == X.shape[1]
    names = net.get_feature_names_out()
    assert len(set(names)) == len(names) == net.model_.input_shape[1]
    assert {"age", "missingindicator_age", "city_Bonn", "since_days"} <= set(names)


@pytest.mark.fast(cases="all")
@pytest.mark.parametrize("name", X.columns)
def test_values_may_be_missing_or_new_at_prediction_only(net, name):
    """A column may lack every value, and categories may be those of nobody."""
    none = X.assign(**{name: None})
    foreign = X.assign(**{name: "never seen"})

    assert np.isfinite(net.predict_proba(none)).all()
    if name in ("city", "size", "code"):
        assert np.isfinite(net.predict_proba(foreign)).all()
    elif name != "since":
        with pytest.raises(ValueError, match=f"numbers in the column '{name}'.*never"):
            net.predict_proba(foreign)


def test_columns_stay_in_their_order(net):
    """Columns in another order, others or fewer are refused as scikit-learn does."""
    with pytest.raises(ValueError, match="must be in the same order"):
        net.predict(X[X.columns[::-1]])
    with pytest.raises(ValueError, match="unseen at fit time"):
        net.predict(X.rename(columns={"age": "years"}))
    with pytest.raises(ValueError, match="contains infinity in the column 'age'"):
        net.predict(X.assign(age=np.inf))


def test_polars_and_pandas_agree():
    """The same values in a frame of polars give the same probabilities."""
    columns = {
        "a": [1.5, None, 3.0, 4.0] * 10,
        "b": [True, False, None, True] * 10,
        "c": ["x", None, "y", "x"] * 10,
        "d": [datetime.datetime(2020, 1, day) for day in range(1, 31)] + [None] * 10,
        "e": [1, 2, None, 2] * 10,
    }
    y = np.arange(40) % 2

    by_pandas = TabularClassifier(**SMALL).fit(pd.DataFrame(columns), y)
    by_polars = TabularClassifier(**SMALL).fit(pl.DataFrame(columns), y)

    assert by_polars.feature_names_in_.tolist() == list("abcde")
    np.testing.assert_array_equal(
        by_pandas.predict_proba(pd.DataFrame(columns)),
        by_polars.predict_proba(pl.DataFrame(columns)),
    )


def test_columns_of_arrow_are_those_of_pandas():
    """Numbers, text, dates and spans in dtypes of Arrow give the same probabilities."""
    times = pd.date_range("2020", periods=60, freq="9h")
    frame = pd.DataFrame(
        {
            "number": np.arange(60.0),
            "whole": np.arange(60) % 7,
            "flag": np.arange(60) % 3 == 0,
            "text": list("ab") * 30,
            "kind": pd.Categorical(list("xyz") * 20),
            "time": times,
            "zoned": times.tz_localize("Europe/Berlin"),
            "span": times - times[0],
        }
    )
    frame.loc[::5, ["number", "text", "time", "span"]] = None
    y = np.arange(60) % 2
    schema = pa.Schema.from_pandas(frame, preserve_index=False)
    arrow = pd.DataFrame(
        {n: frame[n].astype(pd.ArrowDtype(schema.field(n).type)) for n in frame}
    )

    by_pandas = TabularClassifier(**SMALL).fit(frame, y)
    by_arrow = TabularClassifier(**SMALL).fit(arrow, y)

    assert all(isinstance(dtype, pd.ArrowDtype) for dtype in arrow.dtypes)
    np.testing.assert_array_equal(
        by_arrow.predict_proba(arrow), by_pandas.predict_proba(frame)
    )


@pytest.mark.parametrize(
    ("value", "advice"),
    [(1e300, "take logarithms"), (1j, "two columns"), (np.inf, "NaN or None")],
)
def test_numbers_that_cannot_be_scaled_are_refused(value, advice):
    """What overflows or is complex is told with its column and a way out."""
    table = pd.DataFrame({"odd": [value] + 19 * [0.5], "even": 20 * [1.0]})

    with pytest.raises(ValueError, match=f"column 'odd'.*{advice}"):
        TabularClassifier(**SMALL).fit(table, np.arange(20) % 2)


def test_arrays_of_objects_are_tables():
    """NumPy's objects, and lists, may be numbers, text and None."""
    rows = [[1.0, "a", None], [None, "b", 2], [3.0, None, 4]] * 8
    array = np.array(rows, dtype=object)

    net = TabularRegressor(**SMALL).fit(array, np.arange(24.0))

    np.testing.assert_array_equal(net.predict(rows), net.predict(array))
    assert net.preprocessor_[0].kinds_ == ["number", "category", "number"]


def test_a_category_is_the_same_whatever_holds_it():
    """1, 1.0 and a category 1 are one category; pandas turns one into the other."""
    y = np.arange(30) % 2
    net = TabularClassifier(**SMALL).fit(
        pd.DataFrame({"a": pd.Categorical([1, 2, 3] * 10)}), y
    )

    by_int = net.predict_proba(pd.DataFrame({"a": [1, 2, 3]}))
    by_float = net.predict_proba(pd.DataFrame({"a": [1.0, 2.0, 3.0]}))
    by_text = net.predict_proba(pd.DataFrame({"a": ["1", "2", "3"]}))

    np.testing.assert_array_equal(by_int, by_float)
    np.testing.assert_array_equal(by_int, by_text)


def test_many_and_rare_categories_share_columns():
    """A column of a thousand names makes few inputs."""
    names = pd.DataFrame({"name": [f"n{i}" for i in range(900)] + ["often"] * 100})

    net = TabularRegressor(**SMALL).fit(names, np.arange(1000.0))

    assert net.get_feature_names_out().tolist() == [
        "name_often",
        "name_infrequent_sklearn",
    ]


def test_equal_names_behind_the_preprocessing_are_told_apart():
    """A column "a_b" beside "a" with a category "b" keeps its own name."""
    mixed = pd.DataFrame({"a": ["b", "c"] * 10, "a_b": np.arange(20.0)})

    net = TabularRegressor(**SMALL).fit(mixed, np.arange(20.0))

    assert net.get_feature_names_out().tolist() == [
        "standard__a_b",
        "categories__a_b",
        "categories__a_c",
    ]


def test_weights_classes_and_several_targets_go_through(net):
    """Weights of rows and classes, multi-output, and rows to validate on are taken."""
    weight = np.arange(1, N_ROWS + 1)
    weighted = clone(net).set_params(class_weight="balanced")
    weighted.fit(X, Y, sample_weight=weight, X_val=X, y_val=Y)
    targets = np.column_stack([PRICE, -PRICE])

    several = TabularRegressor(**SMALL).fit(X, targets)

    assert not np.array_equal(weighted.predict_proba(X), net.predict_proba(X))
    assert len(weighted.history_["val_loss"]) == 3
    mean, deviation = several.predict(X, return_std=True)
    assert mean.shape == deviation.shape == targets.shape


def test_training_goes_on_with_the_columns_of_the_first_rows(net):
    """partial_fit and warm_start keep the preprocessing of the first call."""
    stream = TabularClassifier(**SMALL, early_stopping=False)
    stream.partial_fit(X[:30], Y[:30], classes=["no", "yes"])
    first = stream.preprocessor_

    stream.partial_fit(X[30:].assign(city="elsewhere"), Y[30:])

    assert stream.preprocessor_ is first
    assert stream.n_epochs_ == 2


def test_files_and_exports_have_the_preprocessing(net, tmp_path):
    """A file without code predicts the same bits; ONNX describes what goes in."""
    skdeep.save(net, tmp_path / "net.skdeep")
    net.export(tmp_path / "net.onnx", format="onnx")

    loaded = skdeep.load(tmp_path / "net.skdeep")

    np.testing.assert_array_equal(loaded.predict_proba(X), net.predict_proba(X))
    model = onnx.load(tmp_path / "net.onnx")
    inputs = json.loads(model.metadata_props[0].value)["input"]
    assert inputs["features"] == net.get_feature_names_out().tolist()
    columns, encode = inputs["preprocessing"]
    assert columns["fitted"]["kinds_"] == net.preprocessor_[0].kinds_
    known = encode[-1]["steps"]["fitted"]["categories_"]
    assert encode[-1]["columns"] == ["city", "size", "code"]
    assert known[0] == ["Bonn", "Ulm", None]


def test_the_preprocessing_can_be_replaced():
    """Any transformer takes the place; it is copied, and gets X and y as they are."""
    rows = RNG.normal(size=(40, 3)) * 100
    y = (rows[:, 0] > 0).astype(int)
    scaler = StandardScaler()
    settings = {**SMALL, "n_members": 1, "preprocessor": scaler}
    plain = {name: v for name, v in SMALL.items() if name != "n_members"}

    own = TabularClassifier(**settings).fit(rows, y)

    pipe = make_pipeline(StandardScaler(), DNNClassifier(**plain)).fit(rows, y)
    assert not hasattr(scaler, "mean_")
    np.testing.assert_array_equal(own.preprocessor_.mean_, pipe[0].mean_)
    np.testing.assert_array_equal(own.predict_proba(rows), pipe.predict_proba(rows))


def test_heavy_tails_are_bent():
    """What is a million deviations away comes in as a number of size ten."""
    values = np.append(RNG.normal(size=200), [1e6, -1e6])
    rows = pd.DataFrame({"heavy": values, "light": RNG.normal(size=202)})

    net = TabularRegressor(**SMALL).fit(rows, np.arange(202.0))

    seen = net.preprocessor_.transform(rows)
    assert np.abs(seen).max() < 20
    assert [name for name, *_ in net.preprocessor_[1].transformers_] == [
        "standard",
        "heavy",
    ]
