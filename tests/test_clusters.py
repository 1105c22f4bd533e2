"""Searches on clusters: the bits of one process, one program for each worker."""

import contextlib
import os
import pickle
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import joblib
import pytest
from distributed import Client, LocalCluster
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline

from skdeep import DNNClassifier
from skdeep.engine import cache_info, clear_cache
from skdeep.model_selection import EpochHalvingSearchCV

RATES = [0.001, 0.003, 0.01]


class DiesOnce(TransformerMixin, BaseEstimator):
    """Kills its process in the first fit; a file remembers that it did."""

    def __init__(self, path):
        self.path = path

    def fit(self, X, y=None):
        """Die, or do nothing."""
        with contextlib.suppress(FileExistsError):
            open(self.path, "x").close()
            os._exit(1)
        return self

    def transform(self, X):
        """Change nothing."""
        return X

    def __sklearn_is_fitted__(self):
        """Always."""
        return True


def net():
    """A small network."""
    return DNNClassifier((4,), epochs=3, random_state=0)


def assert_same_results(search, other):
    """Compare all scores and the refitted networks to the bit."""
    for name, values in search.cv_results_.items():
        if "score" in name and "time" not in name:
            assert_array_equal(values, other.cv_results_[name])
    weights = [s.best_estimator_.model_.get_weights() for s in (search, other)]
    for one, another in zip(*weights, strict=True):
        assert_array_equal(one, another)


@pytest.fixture(scope="module")
def dask():
    """A client of two worker processes on this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # those of starting and stopping servers
        with (
            LocalCluster(
                n_workers=2, threads_per_worker=2, dashboard_address=None
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client


@pytest.fixture
def rows(iris):
    """50 flowers."""
    return iris[0][::3], iris[1][::3]


@pytest.mark.fast
def test_what_travels_to_a_worker_is_small():
    """An estimator is its parameters: no program, no Keras object goes along."""
    assert len(pickle.dumps(net())) < 5_000


@pytest.mark.slow
def test_dask_gives_the_bits_of_one_process_and_compiles_once_a_worker(dask, rows):
    """All candidates and folds of an architecture share the program of their worker."""
    dask.run(clear_cache)
    before = dask.run(cache_info)
    search = GridSearchCV(net(), {"learning_rate": RATES}, cv=2, scoring="neg_log_loss")

    with joblib.parallel_config("dask", scatter=list(rows)):
        search.fit(*rows)
        scores = cross_val_score(net(), *rows, cv=2, scoring="neg_log_loss")

    after = dask.run(cache_info)
    compiled = [after[worker].misses - before[worker].misses for worker in after]
    assert max(compiled) == 1
    alone = GridSearchCV(net(), {"learning_rate": RATES}, cv=2, scoring="neg_log_loss")
    assert_same_results(search, alone.fit(*rows))
    assert_array_equal(
        scores, cross_val_score(net(), *rows, cv=2, scoring="neg_log_loss")
    )


@pytest.mark.slow
def test_survivors_of_a_halving_travel_from_worker_to_worker(dask, rows):
    """They train on where they stopped, wherever that was."""
    settings = {"factor": 2, "cv": 2, "scoring": "neg_log_loss"}
    grid = {"learning_rate": [*RATES, 0.03]}
    search = EpochHalvingSearchCV(net(), grid, **settings)

    with joblib.parallel_config("dask", scatter=list(rows)):
        search.fit(*rows)

    alone = EpochHalvingSearchCV(net(), grid, **settings)
    assert_same_results(search, alone.fit(*rows))
    assert search.n_candidates_ == [4, 3]


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(dask, rows, tmp_path):
    """Its fits run again, elsewhere, to the same bits."""
    path = tmp_path / "died"
    steps = [("die", DiesOnce(path)), ("net", net())]
    grid = {"net__learning_rate": RATES}
    search = GridSearchCV(Pipeline(steps), grid, cv=2, scoring="neg_log_loss")
    search.set_params(refit=False)

    with joblib.parallel_config("dask", scatter=list(rows)):
        search.fit(*rows)

    assert path.exists()
    alone = GridSearchCV(Pipeline(steps), grid, cv=2, scoring="neg_log_loss")
    alone.set_params(refit=False).fit(*rows)
    for fold in range(2):
        name = f"split{fold}_test_score"
        assert_array_equal(search.cv_results_[name], alone.cv_results_[name])


@pytest.mark.slow
def test_the_example_finds_the_scores_of_one_process(tmp_path):
    """The program that the documentation shows runs as downloaded."""
    example = Path(__file__).parent.parent / "examples" / "dask_search.py"
    shutil.copy(example, tmp_path)

    done = subprocess.run(
        [sys.executable, example.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-4000:]
    assert "workers compiled: [1, 1]" in done.stdout
    assert "The scores of one process: the same" in done.stdout


@pytest.mark.slow
def test_ray_gives_the_bits_of_one_process(rows, tmp_path):
    """A search runs as it is on Ray's actors, where ray is installed."""
    ray = pytest.importorskip("ray", reason="ray is not in the extra for tests")
    from ray.util.joblib import register_ray

    search = GridSearchCV(net(), {"learning_rate": RATES}, cv=2, scoring="neg_log_loss")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Ray's own
        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        try:
            register_ray()
            with joblib.parallel_config("ray"):
                search.fit(*rows)
        finally:
            ray.shutdown()

    alone = GridSearchCV(net(), {"learning_rate": RATES}, cv=2, scoring="neg_log_loss")
    assert_same_results(search, alone.fit(*rows))
