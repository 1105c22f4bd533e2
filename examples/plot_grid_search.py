"""
==============================
A grid search, and a map of it
==============================

Learning rate, dropout, L1 and L2 are numbers of one compiled program. So a search over
all four compiles once, and a fit of it takes a fraction of a second. The grid has no
zeros: without dropout, or without penalties, a network is another program, which costs
a second compilation. ``jit_compile=True`` asks for the compilation: by default NumPy
would train fits as short as these, which is quicker for a few fits of an architecture
and slower for hundreds.

The search is scikit-learn's own. Without ``--full`` its grid is smaller.
"""

# %%
# The grid
# --------
import sys
import time

import matplotlib.pyplot as plt
import pandas as pd
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skdeep import DNNClassifier, DNNRegressor
from skdeep.datasets import load_boston_housing
from skdeep.displays import GridSearchDisplay
from skdeep.engine import cache_info, clear_cache

FULL = "--full" in sys.argv

X, X_test, y, y_test = load_boston_housing(return_X_y=True, split="keras")
net = DNNRegressor(
    (64, 64),
    optimizer="rmsprop",
    epochs=100 if FULL else 50,
    batch_size=16,
    normalize_y=False,
    random_state=0,
    jit_compile=True,
)
penalties = [1e-4, 1e-3, 1e-2, 1e-1] if FULL else [1e-4, 1e-2]
grid = {
    "dnnregressor__learning_rate": [0.0003, 0.001, 0.003, 0.01],
    "dnnregressor__dropout": [0.02, 0.1, 0.2, 0.3] if FULL else [0.02, 0.1, 0.3],
    "dnnregressor__l1": penalties,
    "dnnregressor__l2": penalties,
}
search = GridSearchCV(
    make_pipeline(StandardScaler(), net), grid, cv=5, scoring="neg_mean_absolute_error"
)
clear_cache()  # so that what is counted below was compiled here
started = time.perf_counter()
search.fit(X, y)
n_fits = len(search.cv_results_["params"]) * 5 + 1
seconds = time.perf_counter() - started
print(f"{n_fits} fits in {seconds:.0f} s, {cache_info().compiled} program compiled")

# %%
# The best parameters
# -------------------
for name, value in search.best_params_.items():
    print(f"{name.removeprefix('dnnregressor__')}: {value}")
print(f"validation MAE {-search.best_score_:.2f}")
columns = [f"param_{name}" for name in grid]
table = pd.DataFrame(search.cv_results_).nsmallest(5, "rank_test_score")
table[[*columns, "mean_test_score"]].rename(columns=lambda c: c.split("__")[-1])

# %%
# Maps
# ----
# Two parameters at a time; each cell is the best over all the others.
display = GridSearchDisplay.from_estimator(search, params=("learning_rate", "dropout"))
plt.show()

# %%
display = GridSearchDisplay.from_estimator(search, params=("l1", "l2"))
plt.show()

# %%
# Steps of the pipeline can be searched, too
# ------------------------------------------
# The scaler in front of a network for iris, and the width of its first layer. Every
# width is a network of its own, and has few fits: NumPy trains them, and nothing is
# compiled.
flowers = make_pipeline(
    StandardScaler(), DNNClassifier((12, 6), learning_rate=0.01, random_state=0)
)
choices = {
    "standardscaler": [StandardScaler(), MinMaxScaler(), "passthrough"],
    "dnnclassifier__hidden_layer_sizes": [(4, 6), (12, 6), (32, 6)],
}
before = cache_info().compiled
iris_search = GridSearchCV(flowers, choices, cv=5).fit(*load_iris(return_X_y=True))
print(f"46 fits, {cache_info().compiled - before} programs compiled")
display = GridSearchDisplay.from_estimator(iris_search, score_name="accuracy")
plt.show()

# %%
# What we saw
# -----------
# The learning rate decides most; dropout hardly pays for so small a network. All
# fits of the first search ran in one program, those of the second needed none.
print(f"test MAE of the best: {-search.score(X_test, y_test):.2f}")
