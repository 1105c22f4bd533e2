"""
==========================
A search on Dask's workers
==========================

Two processes stand for a cluster: another address for ``Client`` is all that changes.
Needs ``pip install "skdeep[dask]"``.
"""

# %%
# A cluster of two processes
# --------------------------
# The workers import this file, so what starts them is behind ``__main__``. The
# dashboard at ``client.dashboard_link`` shows who fits what.
import joblib
from distributed import Client, LocalCluster
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skdeep import DNNClassifier
from skdeep.engine import cache_info


def main():
    """Search on two workers, and in this process; compare."""
    X, y = load_digits(return_X_y=True)
    # Asked for, since NumPy trains fits as short as these by default.
    net = DNNClassifier((32,), epochs=10, jit_compile=True, random_state=0)
    grid = {
        "dnnclassifier__learning_rate": [0.001, 0.003, 0.01],
        "dnnclassifier__l2": [1e-5, 1e-3],
    }
    search = GridSearchCV(make_pipeline(MinMaxScaler(), net), grid, cv=3)

    with (
        LocalCluster(n_workers=2, threads_per_worker=1) as cluster,
        Client(cluster) as client,
    ):
        # ``scatter`` sends the rows once to every worker.
        with joblib.parallel_config("dask", scatter=[X, y]):
            search.fit(X, y)
        programs = [info.compiled for info in client.run(cache_info).values()]

    scores = search.cv_results_["mean_test_score"]
    print(f"Best: {search.best_params_}, accuracy {search.best_score_:.3f}")
    print(f"Programs that the workers compiled: {programs}")
    alone = search.fit(X, y).cv_results_["mean_test_score"]
    print(f"The scores of one process: {'the same' if all(scores == alone) else alone}")


if __name__ == "__main__":
    main()

# %%
# What we saw
# -----------
# Each worker compiled one program for its share of 18 fits, and the scores are those of
# one process, to the bit.
