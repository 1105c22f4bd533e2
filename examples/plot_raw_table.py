"""
===================
A table as it comes
===================

Which customers leave? A table with text, numbers and missing values goes into
``TabularClassifier`` without any preparation, and scikit-learn's inspection tools show
what the networks have learned.
"""

# %%
# The table
# ---------
# The customers of a telephone company, where the environment variable ``SKDEEP_DATA``
# names a folder that has them; otherwise 2,000 customers are made up.
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.inspection import PartialDependenceDisplay, permutation_importance
from sklearn.metrics import RocCurveDisplay
from sklearn.model_selection import train_test_split

from skdeep import TabularClassifier


def made_up(n_rows=2000):
    """Return customers who leave early, with bills by the month and high charges."""
    rng = np.random.RandomState(0)
    table = pd.DataFrame(
        {
            "tenure": rng.randint(1, 72, n_rows),
            "contract": rng.choice(["Month-to-month", "One year", "Two year"], n_rows),
            "internet_service": rng.choice(["DSL", "Fiber optic", "No"], n_rows),
            "monthly_charges": rng.gamma(4, 16, n_rows).round(2),
            "paperless_billing": rng.choice(["Yes", "No"], n_rows),
        }
    )
    leaning = (
        0.02 * table["monthly_charges"]
        - 0.05 * table["tenure"]
        + (table["contract"] == "Month-to-month")
        + rng.logistic(size=n_rows)
    )
    table["total_charges"] = table["tenure"] * table["monthly_charges"]
    table.loc[rng.choice(n_rows, 100, replace=False), "total_charges"] = np.nan
    return table.assign(churn=np.where(leaning > 0, "Yes", "No"))


path = Path(os.environ.get("SKDEEP_DATA", "")) / "tables" / "churn.csv.gz"
table = (pd.read_csv(path) if path.is_file() else made_up())[-2500:]
X, y = table.drop(columns="churn"), table["churn"]
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
X.head(3)

# %%
# From the table to a ROC curve
# -----------------------------
# Four networks, each stopped early by rows that the others train on.
net = TabularClassifier(n_members=4, random_state=0).fit(X_train, y_train)
print(f"accuracy {net.score(X_test, y_test):.3f}, {X.isna().sum().sum()} cells missing")
RocCurveDisplay.from_estimator(net, X_test, y_test, plot_chance_level=True)
plt.show()

# %%
# What the networks see, and how it came about:
net.preprocessor_

# %%
# Which columns matter?
# ---------------------
# A column's values are shuffled; the loss of score is what the column is worth.
found = permutation_importance(
    net, X_test, y_test, scoring="roc_auc", n_repeats=5, random_state=0
)
order = found.importances_mean.argsort()[-8:]
figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
ax.boxplot(found.importances[order].T, orientation="horizontal")
ax.set_yticklabels(X.columns[order])
ax.set_xlabel("area under the ROC curve lost")
plt.show()

# %%
# How do they matter?
# -------------------
# The mean prediction when everybody had the same tenure, contract or charges.
PartialDependenceDisplay.from_estimator(
    net,
    X_train.sample(300, random_state=0).astype({"tenure": float}),
    ["tenure", "contract", "monthly_charges"],
    categorical_features=["contract"],
    grid_resolution=20,
)
plt.show()

# %%
# What we saw
# -----------
# Customers leave in their first year, without a contract that binds them, and when the
# bill is high; no column had to be encoded, scaled or filled for that.
net.history_frame().tail(3).round(3)
