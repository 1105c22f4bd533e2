"""Targets: every kind of label and number is learnt and given back as it came."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import DataConversionWarning

from skdeep import DNNClassifier, DNNRegressor, load, save

NET = {"hidden_layer_sizes": (8,), "learning_rate": 0.02, "random_state": 0}
NAMES = np.array(["setosa", "versicolor", "virginica"])


def classifier(**parameters):
    """Return a small classifier that learns iris in 15 epochs."""
    return DNNClassifier(**{**NET, "epochs": 15, **parameters})


def regressor(**parameters):
    """Return a small regressor that learns something of diabetes in 10 epochs."""
    return DNNRegressor(**{**NET, "epochs": 10, **parameters})


@pytest.fixture(scope="module")
def probabilities(iris):
    """What the classifier predicts when the labels are 0, 1 and 2."""
    X, y = iris
    return classifier().fit(X, y).predict_proba(X)


LABELS = {
    "int": lambda y: y,
    "other integers": lambda y: np.array([-3, 7, 100])[y],
    "uint8": lambda y: y.astype(np.uint8),
    "float": lambda y: y.astype(float),
    "str": lambda y: NAMES[y],
    "str object": lambda y: NAMES[y].astype(object),
    "pandas str": lambda y: pd.Series(NAMES[y]),
    "pandas string": lambda y: pd.Series(NAMES[y], dtype="string"),
    "pandas categorical": lambda y: pd.Series(pd.Categorical.from_codes(y, NAMES)),
    "pandas integer": lambda y: pd.Series(y, index=np.arange(len(y))[::-1]),
    "polars": lambda y: pl.Series(y),
    "polars str": lambda y: pl.Series(NAMES[y].tolist()),
    "list": lambda y: y.tolist(),
    "list of str": lambda y: NAMES[y].tolist(),
}


@pytest.mark.fast
@pytest.mark.parametrize("kind", LABELS)
def test_labels_of_any_kind_are_learnt_alike(kind, iris, probabilities):
    """What labels look like changes no probability, and predict gives them back."""
    X, y = iris
    labels = LABELS[kind](y)
    as_array = np.asarray(labels)

    net = classifier().fit(X, labels)

    np.testing.assert_array_equal(net.predict_proba(X), probabilities)
    np.testing.assert_array_equal(net.classes_, np.unique(as_array))
    predicted = net.predict(X)
    np.testing.assert_array_equal(
        predicted, net.classes_[np.argmax(probabilities, axis=1)]
    )
    assert type(predicted[0]) is type(net.classes_[0])
    assert net.score(X, labels) == np.mean(predicted == as_array) > 0.9


def test_classes_are_sorted_whatever_the_order_of_categories(iris):
    """An ordered categorical does not change the order of classes_."""
    X, y = iris
    backwards = pd.Categorical.from_codes(y, NAMES[::-1], ordered=True)

    net = classifier().fit(X, pd.Series(backwards))

    np.testing.assert_array_equal(net.classes_, NAMES)
    assert net.score(X, backwards) > 0.9


@pytest.mark.parametrize(
    "labels", [np.array([False, True]), np.array(["no", "yes"]), np.array([1, 2])]
)
def test_two_classes_share_one_sigmoid(labels, cancer):
    """Two classes of any kind give one output unit and two columns."""
    X, y = cancer

    net = classifier().fit(X, labels[y])

    assert net.n_outputs_ == 1
    assert net.predict_proba(X).shape == (len(X), 2)
    assert net.predict(X).dtype == labels.dtype
    assert net.score(X, labels[y]) > 0.85


@pytest.mark.parametrize("label", [0, 1, 7, "only", True])
def test_a_single_class_is_learnt_and_predicted(label, iris):
    """With one class there is one column of ones."""
    X, _ = iris

    net = classifier(epochs=2).fit(X, np.full(len(X), label))

    assert net.classes_.tolist() == [label]
    assert (net.predict(X) == label).all()
    np.testing.assert_array_equal(net.predict_proba(X), np.ones((len(X), 1)))
    np.testing.assert_array_equal(net.predict_log_proba(X), np.zeros((len(X), 1)))


@pytest.mark.parametrize("n_rows", [1, 2, 150])
@pytest.mark.parametrize("classes", [2, 3])
def test_probabilities_have_one_column_per_class(n_rows, classes, iris):
    """predict_proba is (n, n_classes), for one row too, and rows sum to 1."""
    X, y = iris
    net = classifier(epochs=2).fit(X, np.minimum(y, classes - 1))

    found = net.predict_proba(X[:n_rows])

    assert found.shape == (n_rows, classes)
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(net.predict_log_proba(X[:n_rows]), np.log(found))
    assert net.predict(X[:n_rows]).shape == (n_rows,)


def test_a_probability_of_zero_has_no_warning(cancer):
    """A network that is certain gives -inf as logarithm, quietly."""
    X, y = cancer
    net = classifier(epochs=2).fit(X, y)

    logarithms = net.predict_log_proba(X * 1e6)

    assert np.isneginf(logarithms).any()
    assert not np.isnan(logarithms).any()


LABEL_MATRICES = {
    "int": lambda labels: labels,
    "bool": lambda labels: labels.astype(bool),
    "float": lambda labels: labels.astype(float),
    "pandas": lambda labels: pd.DataFrame(labels, columns=NAMES),
    "polars": lambda labels: pl.DataFrame(labels, schema=NAMES.tolist()),
    "list": lambda labels: labels.tolist(),
    "csr_matrix": sparse.csr_matrix,
    "csc_array": sparse.csc_array,
}


@pytest.mark.fast
@pytest.mark.parametrize("kind", LABEL_MATRICES)
def test_labels_of_a_matrix_are_predicted_each_on_its_own(kind, iris, iris_labels):
    """A 0/1 matrix, also a sparse one, gives 0 and 1 and a probability per label."""
    X, _ = iris
    expected = classifier().fit(X, iris_labels)

    net = classifier().fit(X, LABEL_MATRICES[kind](iris_labels))

    np.testing.assert_array_equal(net.predict_proba(X), expected.predict_proba(X))
    predicted = net.predict(X)
    assert predicted.shape == iris_labels.shape
    np.testing.assert_array_equal(predicted, net.predict_proba(X) > 0.5)
    assert net.predict_proba(X[:1]).shape == (1, 3)
    assert net.score(X, LABEL_MATRICES[kind](iris_labels)) > 0.6
    assert net.classes_.tolist() == [[0, 1]] * 3


CODINGS = {
    "-1 and 1": lambda labels: 2 * labels - 1,
    "1 and 2": lambda labels: labels + 1,
    "0 and 255": lambda labels: labels * 255,
    "0 and 2.0": lambda labels: labels * 2.0,
    "always 3": lambda labels: np.full_like(labels, 3),
    "sparse 0 and 255": lambda labels: sparse.csr_matrix(labels * 255),
}


@pytest.mark.parametrize("coding", CODINGS)
def test_label_matrices_of_other_values_are_refused(coding, iris, iris_labels):
    """What is neither 0 nor 1 is no label, in y, y_val and a later partial_fit."""
    X, _ = iris
    other = CODINGS[coding](iris_labels)
    fitted = classifier(epochs=1).fit(X, iris_labels)

    with pytest.raises(ValueError, match=r"y must be 0 .* got also .* y == value"):
        classifier().fit(X, other)
    with pytest.raises(ValueError, match=r"y_val must be 0 .* got also"):
        classifier().fit(X, iris_labels, X_val=X, y_val=other)
    with pytest.raises(ValueError, match=r"y must be 0 .* got also"):
        fitted.partial_fit(X, other)


@pytest.mark.parametrize("kind", LABEL_MATRICES)
def test_label_matrices_may_change_their_type(kind, iris, iris_labels):
    """Zeros and ones of any type validate and go on as integers do."""
    X, _ = iris
    expected = classifier(epochs=2).fit(X, iris_labels, X_val=X, y_val=iris_labels)
    expected.partial_fit(X, iris_labels)

    given = LABEL_MATRICES[kind](iris_labels)
    net = classifier(epochs=2).fit(X, iris_labels, X_val=X, y_val=given)
    net.partial_fit(X, given)

    np.testing.assert_array_equal(net.predict_proba(X), expected.predict_proba(X))
    np.testing.assert_array_equal(
        net.history_["val_loss"], expected.history_["val_loss"]
    )


@pytest.mark.parametrize("loss", ["poisson", "mean_squared_logarithmic_error"])
def test_targets_below_the_range_of_the_loss_are_refused(loss, diabetes):
    """Counts and logarithms need targets of at least 0, also after normalize_y."""
    X, y = diabetes

    with pytest.raises(ValueError, match=r"y must be at least 0 .* got values down"):
        regressor(loss=loss).fit(X, y - 2)
    with pytest.raises(ValueError, match=r"y_val must be at least 0"):
        regressor(loss=loss).fit(X, y, X_val=X, y_val=y - 2)
    with pytest.raises(ValueError, match=r"y must be .* leave normalize_y at False"):
        regressor(loss=loss, normalize_y=True).fit(X, y)


def test_labels_may_overlap(iris):
    """Labels do not exclude each other: rows may have all of them or none."""
    X, y = iris
    labels = np.column_stack([y > 0, y > 1, y >= 0, y > 2]).astype(int)

    net = classifier().fit(X, labels)

    assert (net.predict(X) == labels).mean() > 0.9
    assert set(net.predict(X).sum(axis=1)) >= {1, 3}


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        (
            [[0, 1], [1, 2], [2, 0]],
            ValueError,
            "multiclass-multioutput.*one classifier",
        ),
        ([0.5, 1.5, 2.25], ValueError, "Unknown label type: continuous"),
        ([0.0, np.nan, 1.0], ValueError, "Input y contains NaN"),
        (["a", None, "b"], TypeError, "got NoneType, str.*one type"),
        ([[0], [1], [2]], DataConversionWarning, "column-vector y was passed"),
        ([0, 1], ValueError, r"inconsistent numbers of samples: \[3, 2\]"),
        (None, ValueError, "requires y to be passed"),
    ],
)
def test_targets_of_no_classifier_are_refused(y, error, message):
    """A target that is no set of classes or labels fails at once, with a reason."""
    X = np.eye(3)
    y = np.array(y, dtype=object) if None in (y or ()) else y

    with pytest.raises(error, match=message):
        classifier().fit(X, y)


NUMBERS = {
    "float64": lambda y: y,
    "float32": lambda y: y.astype(np.float32),
    "list": lambda y: y.tolist(),
    "object": lambda y: y.astype(object),
    "str": lambda y: y.astype(str),
    "pandas": lambda y: pd.Series(y, index=np.arange(len(y))[::-1]),
    "pandas Float64": lambda y: pd.Series(y, dtype="Float64"),
    "polars": lambda y: pl.Series(y),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_of_any_kind_are_learnt_alike(kind, diabetes):
    """What numbers come in changes no prediction."""
    X, y = diabetes
    expected = regressor().fit(X, y).predict(X)

    net = regressor().fit(X, NUMBERS[kind](y))

    np.testing.assert_allclose(net.predict(X), expected, rtol=1e-6)
    assert net.predict(X).dtype == np.float64
    assert net.score(X, y) > 0.3


@pytest.mark.parametrize(
    "shape_of",
    [
        lambda y: y,
        lambda y: y[:, np.newaxis],
        lambda y: np.column_stack([y, -y]),
        lambda y: pd.DataFrame({"progression": y}),
        lambda y: pl.DataFrame({"up": y, "down": -y}),
    ],
    ids=["(n,)", "(n, 1)", "(n, 2)", "pandas (n, 1)", "polars (n, 2)"],
)
def test_predictions_have_the_shape_of_the_target(shape_of, diabetes):
    """(n,), (n, 1) and (n, k) come back as (n,), (n, 1) and (n, k), one row too."""
    X, y = diabetes
    target = shape_of(y)

    net = regressor().fit(X, target)

    assert net.predict(X).shape == np.shape(target)
    assert net.predict(X[:1]).shape == (1, *np.shape(target)[1:])
    assert net.n_outputs_ == np.prod(np.shape(target)[1:])
    assert net.score(X, target) > 0.3


def test_the_shape_of_the_target_changes_no_number(diabetes):
    """A column is learnt like a flat array."""
    X, y = diabetes

    flat = regressor().fit(X, y)
    column = regressor().fit(X, y[:, np.newaxis])

    np.testing.assert_array_equal(column.predict(X)[:, 0], flat.predict(X))


def test_integer_targets_are_numbers(diabetes):
    """Integers are learnt as the numbers they are, in fit and in score."""
    X, y = diabetes
    counts = np.rint(y * 10).astype(int)

    net = regressor(normalize_y=True).fit(X, counts)

    expected = regressor(normalize_y=True).fit(X, counts.astype(float))
    np.testing.assert_array_equal(net.predict(X), expected.predict(X))
    assert net.score(X, counts) > 0.3


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0.0, np.inf, 1.0], "Input y contains infinity"),
        ([0.0, np.nan, 1.0], "Input y contains NaN"),
        (np.zeros((3, 1, 1)), "dim 3"),
        (["a", "b", "c"], "could not convert string to float"),
        ([0.0, 1.0], r"inconsistent numbers of samples: \[3, 2\]"),
    ],
)
def test_targets_of_no_regressor_are_refused(y, message):
    """A target that is no array of finite numbers fails at once, with a reason."""
    with pytest.raises(ValueError, match=message):
        regressor().fit(np.eye(3), y)


def test_partial_fit_learns_epoch_by_epoch(iris):
    """partial_fit with all classes announced trains one epoch a call."""
    X, y = iris
    net = classifier()

    for epoch in range(12):
        net.partial_fit(X, NAMES[y], classes=NAMES if epoch == 0 else None)

    assert (net.n_iter_, net.n_epochs_) == (1, 12)
    assert len(net.history_["loss"]) == 12
    assert net.history_["loss"][-1] < net.history_["loss"][0]
    assert net.score(X, NAMES[y]) > 0.8


def test_partial_fit_predicts_classes_not_yet_seen(iris):
    """Classes that only later calls bring have their column from the first call."""
    X, y = iris

    net = classifier().partial_fit(X[:50], y[:50], classes=[2, 0, 1])

    np.testing.assert_array_equal(net.classes_, [0, 1, 2])
    assert net.predict_proba(X).shape == (150, 3)
    assert net.partial_fit(X[50:], y[50:], classes=[0, 1, 2]).n_epochs_ == 2


def test_partial_fit_is_fit_in_pieces(iris):
    """Calls of partial_fit on the same rows equal one fit of as many epochs."""
    X, y = iris
    at_once = classifier(epochs=4).fit(X, y)

    pieces = classifier()
    for _ in range(4):
        pieces.partial_fit(X, y, classes=[0, 1, 2])

    np.testing.assert_array_equal(pieces.predict_proba(X), at_once.predict_proba(X))


def constant_in_chunks(n_rows, **fit_params):
    """Fit a constant to 1 and -1 in chunks of n_rows; return what it predicts."""
    y = np.resize([1.0, -1.0, -1.0, 1.0], 60)
    X = np.zeros((60, 1))
    net = DNNRegressor((), optimizer="sgd", learning_rate=0.05, random_state=0)
    for start in [*range(0, 60, n_rows)] * 3 * n_rows:
        part = slice(start, start + n_rows)
        chosen = {name: value[part] for name, value in fit_params.items()}
        net.partial_fit(X[part], y[part], **chosen)
    return net.predict(X[:1])[0]


@pytest.mark.parametrize("n_rows", [1, 3, 60])
def test_weights_count_in_chunks_of_any_size(n_rows):
    """In chunks, of one row even, the weighted mean of all rows is learnt."""
    weight = np.resize([9.0, 1.0, 1.0, 9.0], 60)

    assert constant_in_chunks(n_rows, sample_weight=weight) == pytest.approx(
        0.8, abs=0.15
    )
    assert constant_in_chunks(n_rows) == pytest.approx(0.0, abs=0.15)


@pytest.mark.parametrize("n_rows", [1, 10])
def test_class_weights_count_in_chunks_of_any_size(n_rows, cancer):
    """A class of weight 0.05 is hardly ever predicted, however small the chunks."""
    X, y = cancer[0][:100], cancer[1][:100]
    net = classifier(class_weight={0: 0.05, 1: 1.0}, learning_rate=0.005)

    for start in [*range(0, 100, n_rows)] * 2:
        rows = slice(start, start + n_rows)
        net.partial_fit(X[rows], y[rows], classes=[0, 1])

    in_one = classifier(
        class_weight={0: 0.05, 1: 1.0}, learning_rate=0.005, epochs=2, batch_size=n_rows
    ).fit(X, y)
    mean, expected = net.predict_proba(X).mean(0), in_one.predict_proba(X).mean(0)
    np.testing.assert_allclose(mean, expected, atol=0.1)


def test_weighted_calls_over_the_same_rows_equal_epochs(iris):
    """With weights, too, calls over all rows equal one fit of as many epochs."""
    X, y = iris
    weight = np.linspace(0.1, 7, 150)
    at_once = classifier(epochs=4, dtype="float64").fit(X, y, sample_weight=weight)

    pieces = classifier(dtype="float64")
    for _ in range(4):
        pieces.partial_fit(X, y, classes=[0, 1, 2], sample_weight=weight)

    np.testing.assert_array_equal(pieces.predict_proba(X), at_once.predict_proba(X))


@pytest.mark.parametrize("start", ["fit", "partial_fit"])
def test_the_scale_of_weights_travels(start, diabetes, tmp_path):
    """Pickles and files go on with the scale of the rows before them."""
    X, y = diabetes
    net = regressor(epochs=1)
    getattr(net, start)(X, y, sample_weight=np.linspace(0.1, 7, len(y)))
    save(net, tmp_path / "net.skdeep")
    copies = [pickle.loads(pickle.dumps(net)), load(tmp_path / "net.skdeep")]

    for one in (net, *copies):
        one.partial_fit(X[:9], y[:9], sample_weight=np.full(9, 5.0))

    alone = regressor(epochs=1)
    getattr(alone, start)(X, y, sample_weight=np.linspace(0.1, 7, len(y)))
    alone.partial_fit(X[:9], y[:9])
    for copy in copies:
        np.testing.assert_array_equal(copy.predict(X), net.predict(X))
    assert (alone.predict(X) != net.predict(X)).any()


def test_a_chunk_that_weighs_nothing_is_taken(cancer):
    """Rows of a class of weight 0 change nothing, when a stream brings only them."""
    X, y = cancer
    net = classifier(class_weight={0: 0.0, 1: 1.0}, optimizer="sgd")
    net.partial_fit(X, y, classes=[0, 1])
    before = net.predict_proba(X)

    net.partial_fit(X[y == 0][:5], y[y == 0][:5])

    np.testing.assert_array_equal(net.predict_proba(X), before)


def test_partial_fit_refuses_what_it_cannot_know(iris):
    """Missing, changing and unknown classes end in an error that names them."""
    X, y = iris
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        classifier().partial_fit(X, y)
    with pytest.raises(ValueError, match=r"only the classes \[0, 1\]; got also \[2\]"):
        classifier().partial_fit(X, y, classes=[0, 1])
    net = classifier().partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"must stay \[0, 1, 2\].*got \[0, 1\]"):
        net.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(ValueError, match=r"early_stopping=True\. Use fit"):
        classifier(early_stopping=True).partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"balance.*as a dict"):
        classifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])


@pytest.mark.parametrize("data", ["iris", "cancer"])
def test_a_column_of_labels_is_flattened_wherever_it_comes(data, request):
    """A column gives scikit-learn's warning and the result of flat labels."""
    X, y = request.getfixturevalue(data)
    column, classes = y[:, np.newaxis], np.unique(y)
    flat = classifier(class_weight={0: 2.0}, epochs=2).fit(X, y, X_val=X, y_val=y)
    flat.partial_fit(X, y)

    net = classifier(class_weight={0: 2.0}, epochs=2)
    with pytest.warns(DataConversionWarning):
        net.fit(X, column, X_val=X, y_val=column)
    with pytest.warns(DataConversionWarning):
        net.partial_fit(X, column, classes=classes)

    assert net.history_["loss"] == flat.history_["loss"]
    assert net.history_["val_loss"][:2] == flat.history_["val_loss"][:2]


@pytest.mark.parametrize("classes", [[0, 1], [0, 1, 2]])
def test_partial_fit_takes_labels(classes, iris, iris_labels):
    """For labels the columns count, whether classes holds values or columns."""
    X, _ = iris

    net = classifier().partial_fit(X, iris_labels, classes=classes)
    net.partial_fit(X, iris_labels, classes=classes)

    assert net.n_epochs_ == 2
    assert net.predict(X).shape == iris_labels.shape


def test_partial_fit_of_a_regressor_keeps_its_columns(diabetes):
    """A second call with other columns is refused, with the same ones it trains."""
    X, y = diabetes
    net = regressor().partial_fit(X, np.column_stack([y, -y]))

    with pytest.raises(ValueError, match=r"2 target\(s\), as in fit; got 1"):
        net.partial_fit(X, y)

    assert net.partial_fit(X, np.column_stack([y, -y])).n_epochs_ == 2


def test_class_weight_dict_acts_like_sample_weight(cancer):
    """A weight per class is the same weight on every row of the class."""
    X, y = cancer
    by_row = classifier().fit(X, y, sample_weight=np.where(y == 1, 1.0, 5.0))

    by_class = classifier(class_weight={0: 5.0, 1: 1.0}).fit(X, y)

    np.testing.assert_array_equal(by_class.predict_proba(X), by_row.predict_proba(X))


def test_balanced_class_weight_lifts_the_rare_class(cancer):
    """With "balanced" more of the rare class is found."""
    X, y = cancer
    kept = np.r_[np.flatnonzero(y == 1), np.flatnonzero(y == 0)[:30]]
    X, y = X[kept], NAMES[y[kept]]

    plain = classifier().fit(X, y)
    balanced = classifier(class_weight="balanced").fit(X, y)

    rare = y == NAMES[0]
    assert (balanced.predict(X) == y)[rare].mean() > 0.85
    assert (balanced.predict(X) == y)[rare].mean() > (plain.predict(X) == y)[
        rare
    ].mean()


def test_balanced_training_goes_on_with_some_of_the_classes(iris):
    """With warm_start, rows of two of three classes are balanced among themselves."""
    X, y = iris
    net = classifier(class_weight="balanced", warm_start=True, epochs=3).fit(X, y)

    net.fit(X[:80], y[:80])

    assert net.n_epochs_ == 6
    assert net.predict_proba(X).shape == (150, 3)


@pytest.mark.parametrize("dtype", [int, float, np.float32])
def test_the_callers_arrays_are_never_written(dtype, iris):
    """Class weights, sample weights and training leave X, y and weights alone."""
    X, y = iris[0].copy(), iris[1].copy()
    weight = np.ones(len(y), dtype)
    class_weight = {0: 2.5, 1: 1.0, 2: 0.5}

    classifier(class_weight=class_weight, epochs=2).fit(X, y, sample_weight=weight)

    np.testing.assert_array_equal(X, iris[0])
    np.testing.assert_array_equal(y, iris[1])
    np.testing.assert_array_equal(weight, np.ones(len(y)))
    assert class_weight == {0: 2.5, 1: 1.0, 2: 0.5}


def test_labels_take_one_dict_of_class_weights_each(iris, iris_labels):
    """A list of dicts weighs each label, and "balanced" does it by frequency."""
    X, _ = iris
    weights = [{0: 1, 1: 4}, {0: 1, 1: 1}, {0: 1, 1: 1}]
    by_row = classifier().fit(X, iris_labels, np.where(iris_labels[:, 0], 4, 1))

    by_label = classifier(class_weight=weights).fit(X, iris_labels)
    balanced = classifier(class_weight="balanced", epochs=2).fit(X, iris_labels)

    np.testing.assert_array_equal(by_label.predict_proba(X), by_row.predict_proba(X))
    assert balanced.predict(X).shape == iris_labels.shape
    with pytest.raises(ValueError, match="class_weight should be a list of dicts"):
        classifier(class_weight={0: 1, 1: 4}).fit(X, iris_labels)


def test_a_failed_fit_leaves_the_estimator_as_it_was(iris):
    """After an error in fit the last fitted network still predicts."""
    X, y = iris
    net = classifier(epochs=2).fit(X, y)
    before = net.predict_proba(X)

    with pytest.raises(ValueError, match="Input X contains NaN"):
        net.fit(np.full_like(X, np.nan), NAMES[y])

    np.testing.assert_array_equal(net.predict_proba(X), before)
    np.testing.assert_array_equal(net.classes_, [0, 1, 2])


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_predictions_keep_single_precision_as_in_scikit_learn(dtype):
    """Rows in float32 give predictions in float32, all others in float64."""
    X = np.arange(40.0).reshape(20, 2).astype(dtype)
    net = regressor(epochs=1).fit(X / 40, X[:, 0] / 40)

    predicted = net.predict(X)

    assert predicted.dtype == (np.float32 if dtype == "float32" else np.float64)


def test_units_too_large_for_single_precision_stay_in_double():
    """Targets of 1e100 come back finite, whatever dtype the rows have."""
    X = np.linspace(-1, 1, 40, dtype="float32").reshape(20, 2)
    y = X[:, 0].astype("float64") * 1e100
    net = regressor(epochs=1, normalize_y=True).fit(X, y)

    assert net.predict(X).dtype == np.float64


def test_one_hot_targets_are_taken_for_labels_with_a_warning(iris):
    """A matrix with exactly one label per row says what to give instead, once."""
    X, y = iris

    with pytest.warns(UserWarning, match=r"y\.argmax\(axis=1\)") as caught:
        classifier(epochs=1).fit(X, np.eye(3, dtype=int)[y])

    assert len(caught) == 1


@pytest.mark.parametrize(("given", "same_as"), [("auto", 200), (None, 32), (-1, 1024)])
def test_batch_sizes_by_name(given, same_as, iris):
    """The words of scikit-learn, Keras and SciKeras mean what they mean there."""
    X, y = iris
    expected = classifier(epochs=2, batch_size=same_as).fit(X, y)

    net = classifier(epochs=2, batch_size=given).fit(X, y)

    np.testing.assert_array_equal(net.predict_proba(X), expected.predict_proba(X))


def test_an_optimizer_may_be_a_class(iris):
    """A class is its name: rates and arguments are those of the estimator."""
    import keras

    X, y = iris
    expected = classifier(epochs=2, optimizer="adamw", learning_rate=0.02).fit(X, y)

    net = classifier(epochs=2, optimizer=keras.optimizers.AdamW, learning_rate=0.02)

    np.testing.assert_array_equal(
        net.fit(X, y).predict_proba(X), expected.predict_proba(X)
    )
