"""The benchmarks: the limit trains as Keras does, and the tables say what was measured.

How fast anything is stands in no test.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def benchmarks_importable(monkeypatch):
    """Let `benchmarks` be imported: it is in the repository, not in the package."""
    if not (ROOT / "benchmarks").is_dir():
        pytest.skip("the benchmarks are in the repository only")
    monkeypatch.syspath_prepend(ROOT)


def batches(n_rows, n_epochs):
    """Return row orders, (n_epochs, n_rows)."""
    rng = np.random.default_rng(0)
    return np.stack([rng.permutation(n_rows) for _ in range(n_epochs)])


def keras_losses(training, problem, weights, orders):
    """Return the losses of `keras.Model.fit` over the rows in the given orders."""
    from benchmarks.peers import compiled_network

    model = compiled_network(training)
    model.set_weights([array for pair in weights for array in pair])
    losses = []
    for order in orders:
        history = model.fit(
            problem.X[order],
            problem.y[order],
            batch_size=training.batch_size,
            shuffle=False,
            verbose=0,
        )
        losses += history.history["loss"]
    return losses


@pytest.mark.parametrize(
    ("n_classes", "l2"), [(None, 0.0), (3, 0.01)], ids=["regression", "classes, L2"]
)
def test_jax_losses_equal_those_of_keras(n_classes, l2):
    """The same weights and batches give the losses of Keras to 1e-4, ragged or not."""
    jax = pytest.importorskip("jax", reason="the extra bench is not installed")
    from benchmarks import jax_scan, peers, problems

    problem = problems.made_up(70, n_features=5, n_classes=n_classes)
    training = peers.Training(
        input_shape=(5,),
        n_classes=n_classes,
        hidden_layer_sizes=(16, 8),
        l2=l2,
        batch_size=16,
        epochs=5,
    )
    fitted = peers.estimator(peers.JAX, training, seed=0)
    weights = jax_scan.glorot_uniform(jax.random.key(1), fitted.sizes)
    orders = batches(len(problem.X), training.epochs)

    _, losses = jax.jit(jax_scan.train, static_argnames="loop")(
        weights,
        problem.X,
        problem.y.astype(np.int32 if n_classes else np.float32),
        orders,
        jax.random.key(0),
        fitted.numbers,
        fitted.loop,
    )

    expected = keras_losses(training, problem, weights, orders)
    np.testing.assert_allclose(losses, expected, rtol=1e-4)


def test_jax_dropout_keeps_the_mean():
    """Dropped values are zero at the given rate, and the others make up for them."""
    jax = pytest.importorskip("jax", reason="the extra bench is not installed")
    from benchmarks import jax_scan

    identity = [(np.eye(200, dtype="float32"), np.zeros(200, "float32"))] * 2
    X = np.ones((500, 200), dtype="float32")

    kept = np.asarray(jax_scan.outputs(identity, X, 0.2, jax.random.key(0)))

    assert set(np.unique(kept)) == {0.0, np.float32(1.25)}
    assert np.mean(kept == 0) == pytest.approx(0.2, abs=0.005)
    assert kept.mean() == pytest.approx(1, abs=0.01)


def test_jax_estimator_fits_and_predicts():
    """A whole fit lowers the loss, predicts labels and depends on its seed alone."""
    pytest.importorskip("jax", reason="the extra bench is not installed")
    from benchmarks import peers, problems

    problem = problems.made_up(60, n_features=4, n_classes=3)
    training = peers.Training(input_shape=(4,), n_classes=3, dropout=0.1, epochs=20)

    first = peers.estimator(peers.JAX, training, 0).fit(problem.X, problem.y)
    again = peers.estimator(peers.JAX, training, 0).fit(problem.X, problem.y)

    assert first.loss_curve_[-1] < first.loss_curve_[0]
    assert set(first.predict(problem.X_test)) <= {0, 1, 2}
    np.testing.assert_array_equal(first.loss_curve_, again.loss_curve_)


def test_kept_keras_model_starts_anew():
    """A second fit of a kept model gives the losses of the first."""
    from benchmarks import peers, problems

    problem = problems.made_up(40, n_features=4)
    training = peers.Training(
        input_shape=(4,), hidden_layer_sizes=(4,), batch_size=40, epochs=2
    )
    estimator = peers.estimator(peers.KERAS_KEPT, training, 0)

    first = estimator.fit(problem.X, problem.y).predict(problem.X_test)
    model = estimator.model_
    second = estimator.fit(problem.X, problem.y).predict(problem.X_test)

    assert estimator.model_ is model
    np.testing.assert_allclose(second, first, rtol=1e-5)


def test_peers_train_the_same_network():
    """Our estimator and Keras' layers have the same number of weights."""
    from benchmarks import cifar10, peers, problems

    problem = problems.made_up(20, n_features=32 * 32 * 3, n_classes=10)
    X = problem.X.reshape(-1, 32, 32, 3)

    ours = peers.estimator(peers.OURS, cifar10.TRAINING, 0).fit(X, problem.y)

    network = peers.keras_network(cifar10.TRAINING)
    assert network.count_params() == 684_746
    assert ours.model_.count_params() == 684_746


@pytest.mark.fast
def test_interleave_takes_turns():
    """Every round runs everybody who is still in it once, in a turning order."""
    from benchmarks.measure import interleave

    calls = []
    runs = {
        name: lambda seed, name=name: calls.append((name, seed)) or {"seed": seed}
        for name in "abc"
    }

    records = interleave(runs, {"a": 3, "b": 3, "c": 1})

    assert calls == [
        *[("a", 0), ("b", 0), ("c", 0)],
        *[("b", 1), ("a", 1)],
        *[("a", 2), ("b", 2)],
    ]
    assert [record["seed"] for record in records["a"]] == [0, 1, 2]


@pytest.mark.fast
def test_ratio_pairs_rounds():
    """A ratio is taken round by round; the longer list's last rounds do not count."""
    from benchmarks.measure import ratio

    slow = [{"seconds": 4.0}, {"seconds": 9.0}]
    fast = [{"seconds": 2.0}, {"seconds": 3.0}, {"seconds": 1000.0}]

    spread = ratio(slow, fast)

    assert (spread.median, spread.n) == (2.5, 2)


def test_worker_answers_and_reports_its_error(tmp_path):
    """A worker is a process that answers; what it said is in the error if it fails."""
    from benchmarks.measure import Worker

    settings = {"problem": tmp_path / "missing.npz", "training": {"input_shape": [1]}}
    with (
        Worker("benchmarks.one_fit", "Keras fit", settings) as worker,
        pytest.raises(RuntimeError, match=r"Keras fit ended(.|\n)*missing\.npz"),
    ):
        worker.run(seed=0)


def test_problem_survives_its_file(tmp_path):
    """What a worker reads is what the asking process stored."""
    from benchmarks import problems

    for problem in (problems.made_up(5), problems.made_up(5, n_classes=3)):
        loaded = problems.load(problem.save(tmp_path))
        assert problem.n_classes == loaded.n_classes
        np.testing.assert_array_equal(problem.X, loaded.X)


@pytest.mark.fast
def test_training_survives_json():
    """A training that travelled to a worker is the same training."""
    from dataclasses import asdict

    from benchmarks import cifar10, fits

    settings = json.loads(json.dumps(asdict(cifar10.TRAINING)))

    assert fits.training_from(settings) == cifar10.TRAINING


def test_every_target_has_a_script():
    """Each question of the targets is a file, or a variant inside one."""
    from benchmarks.targets import TARGETS

    questions = {target.question for target in TARGETS} - {"one_fit_dropout"}

    scripts = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    assert questions <= scripts


def test_the_report_on_reliability_runs_tests_that_are_there():
    """Every part names a file of tests; a moved one would be counted as no failure."""
    from benchmarks.reliability import PARTS

    named = [shlex.split(arguments)[0] for arguments in PARTS]

    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_tables_are_written_between_the_markers(tmp_path):
    """The documentation keeps what is around the markers and gains every target."""
    from benchmarks import report
    from benchmarks.measure import Spread, circumstances

    reached = report.Answer(
        "import_time",
        "Import",
        "A setting.",
        [{"statement": "pass", "seconds": Spread.of([0.5, 0.1, 0.3])}],
        {"import skdeep ÷ import sklearn.neural_network": Spread.of([1.5])},
    )
    report.store(report.as_document(reached, circumstances()), tmp_path)
    (tmp_path / "defaults.json").write_text('{"DNN*()": {}}')  # of another page
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.START}\nold\n{report.END}\nafter\n")

    assert report.rewrite(page, report.all_tables(report.stored(tmp_path)))

    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "0.300 (0.200–0.400)" in text
    assert "≤ 1.25" in text
    assert "| no " in text


def test_tables_without_results_are_named(tmp_path):
    """A page would lose them, so nobody rewrites it with the results of others."""
    from benchmarks import report

    page = tmp_path / "page.md"
    tables = "## Import\n\n## One fit"
    page.write_text(f"## Before\n{report.START}\n{tables}\n{report.END}\n## After\n")

    assert report.without_results(page, [{"title": "Import"}]) == ["One fit"]


def test_pages_without_markers_are_left_alone(tmp_path):
    """A page that asks for no table, or does not exist, is not written."""
    from benchmarks import report

    page = tmp_path / "page.md"
    page.write_text("nothing to replace\n")

    assert not report.rewrite(page, "table")
    assert not report.rewrite(tmp_path / "missing.md", "table")
    assert page.read_text() == "nothing to replace\n"
    assert not (tmp_path / "missing.md").exists()


def test_quick_runs_store_nothing(monkeypatch, tmp_path, capsys):
    """`--quick` prints a table and leaves the stored results as they are."""
    from benchmarks import report

    monkeypatch.setattr(report, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(sys, "argv", ["script", "--quick"])

    report.main(None, lambda quick: report.Answer("overhead", f"quick {quick}", ""))

    assert "quick True" in capsys.readouterr().out
    assert not (tmp_path / "results").exists()


def test_only_jax_sees_jax():
    """TensorFlow's import does not pay for a JAX that users need not have."""
    from benchmarks.measure import environment_of

    def find_jax(contender):
        return subprocess.run(
            [sys.executable, "-c", "import jax"],
            env=environment_of(contender),
            capture_output=True,
            text=True,
        )

    assert "JAX is hidden" in find_jax("skdeep").stderr
    assert "JAX is hidden" not in find_jax("JAX scan").stderr


def test_scores_of_tables_are_compared_by_geometric_means():
    """Half the error on one split and twice on the other is the same, on one table."""
    from benchmarks import defaults, table_methods

    ours = {"churn/0": 0.1, "churn/1": 0.4}
    theirs = {"churn/0": 0.2, "churn/1": 0.2, "churn/2": 0.3}
    results = {
        method: {place: {"error": e, "CPU s": 1.0} for place, e in errors.items()}
        for method, errors in (
            (table_methods.MLP, theirs),
            (table_methods.DNN, ours),
        )
    }

    text = defaults.as_text(results)

    assert "1.000, 0 of 1" in text
    assert "| churn | error " in text
    assert "0.25" in text


@pytest.mark.fast
def test_uncertainty_judges_every_row_once():
    """Three splits of a table test each of its rows in one of them."""
    import pandas as pd

    from benchmarks import uncertainty

    X, y = pd.DataFrame({"a": np.arange(20)}), np.arange(20) % 2

    found = [test for _, _, test, _, _ in uncertainty.splits(X, y, 0, True)]

    assert sorted(pd.concat(found)["a"]) == list(range(20))


@pytest.mark.fast
def test_uncertainty_knows_what_chance_does():
    """Exact probabilities have no error with many rows, and some with few."""
    from benchmarks import uncertainty

    share = np.random.default_rng(0).uniform(0.5, 1, size=(20_000, 1))
    exact = np.hstack([share, 1 - share])

    few, many = (uncertainty.error_by_chance(exact[:n]) for n in (100, 20_000))

    assert many < 0.01 < 0.05 < few


@pytest.mark.fast
def test_uncertainty_widens_intervals_by_what_is_missing():
    """The margin covers 90 % of the rows held out and of a new one, in the mean."""
    from benchmarks import uncertainty

    y = np.arange(1.0, 100)  # of 99 rows and a new one 90 are covered

    margin = uncertainty.conformal_margin(y, np.zeros(99), np.zeros(99))

    assert margin == 90
