"""What skdeep promises, as data: each figure of each question with its limit.

The figures are computed by the question's script under the same name; `report`
judges their medians. The limits are for two cores. Where the time of batches is the
question, the opponent is Keras with a model traced before, its strongest form.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One figure of a question and what it has to reach."""

    question: str
    figure: str
    sense: str  # "≥" or "≤"
    limit: float
    unit: str = ""

    def reached(self, value: float) -> bool:
        """Return whether a measured value keeps the promise."""
        return value >= self.limit if self.sense == "≥" else value <= self.limit


TARGETS = (
    Target("one_fit", "SciKeras ÷ skdeep", "≥", 120),
    Target("one_fit", "scikit-learn MLP ÷ skdeep", "≥", 12),
    Target("one_fit", "skorch ÷ skdeep", "≥", 40),
    Target("one_fit", "skorch, PyTorch's own number of threads ÷ skdeep", "≥", 40),
    Target("one_fit", "skdeep ÷ JAX scan", "≤", 1.6),
    Target("one_fit_dropout", "SciKeras ÷ skdeep", "≥", 60),
    Target("one_fit_dropout", "skdeep ÷ JAX scan", "≤", 1.6),
    Target("cold_start", "SciKeras ÷ skdeep", "≥", 1.5),
    Target("cold_start", "SciKeras ÷ skdeep, cache on disk", "≥", 1.8),
    Target("cross_validation", "SciKeras ÷ skdeep", "≥", 4),
    Target("grid_search", "whole job", "≤", 30, "s"),
    Target("grid_search", "SciKeras ÷ skdeep", "≥", 25),
    Target("grid_search", "training programs compiled", "≤", 1),
    Target("grid_search", "n_jobs=2 ÷ n_jobs=1", "≤", 1.0),
    Target("predict", "skdeep, 1 row", "≤", 1, "ms"),
    Target("predict", "SciKeras ÷ skdeep, 1 row", "≥", 50),
    Target("predict", "Keras predict ÷ skdeep, 1 row", "≥", 1),
    Target("predict", "Keras predict ÷ skdeep, 404 rows", "≥", 1),
    Target("predict", "Keras predict ÷ skdeep, 100,000 rows", "≥", 1),
    Target("serving", "skdeep, one row, median", "≤", 0.1, "ms"),
    Target("serving", "skdeep, one row, 99.9th percentile", "≤", 1, "ms"),
    Target("serving", "skdeep ÷ scikit-learn MLP, seconds", "≤", 1.3),
    Target("serving", "skdeep ÷ scikit-learn MLP, mib", "≤", 1.3),
    Target("serving", "calls of 4 threads ÷ those of one", "≥", 1),
    Target("serving", "calls of 16 threads ÷ those of one", "≥", 1),
    Target("many_fits", "growth per fit after the tenth", "≤", 0.05, "MiB"),
    # "As fast", with room for the spread of the clock: medians of 20 fits each.
    Target("many_fits", "fits 281–300 ÷ fits 11–30", "≤", 1.1),
    Target("threads", "two threads ÷ one, fits", "≤", 0.6),
    Target("threads", "two threads ÷ one, search", "≤", 0.65),
    Target("out_of_core", "memory map, memory asked for", "≤", 1536, "MiB"),
    Target("out_of_core", "HDF5, memory asked for", "≤", 1536, "MiB"),
    Target("out_of_core", "HDF5, shuffle=False, memory asked for", "≤", 1536, "MiB"),
    Target("architectures", "growth by 60", "≤", 600, "MiB"),
    Target("architecture_search", "scikit-learn MLP ÷ skdeep, grid", "≥", 4),
    Target("architecture_search", "scikit-learn MLP ÷ skdeep, draws", "≥", 3),
    Target("architecture_search", "SciKeras ÷ skdeep, grid", "≥", 25),
    Target("architecture_search", "skdeep, cold fit", "≤", 0.5, "s"),
    Target("architectures", "memory at 1,000", "≤", 2048, "MiB"),
    Target("wide_dense", "Keras fit, model kept ÷ skdeep", "≥", 2),
    Target("small_cnn", "Keras fit, model kept ÷ skdeep", "≥", 2.5),
    Target("own_networks", "dense: Keras fit ÷ skdeep", "≥", 40),
    Target("own_networks", "conv1d: Keras fit ÷ skdeep", "≥", 10),
    Target("own_networks", "embedding: Keras fit ÷ skdeep", "≥", 10),
    Target("own_networks", "lstm: Keras fit ÷ skdeep", "≥", 3),
    Target("own_networks", "gru: Keras fit ÷ skdeep", "≥", 3),
    Target("own_networks", "two inputs: Keras fit ÷ skdeep", "≥", 1),
    Target("own_networks", "dense: growth per fit", "≤", 0.05, "MiB"),
    Target("own_networks", "conv1d: growth per fit", "≤", 0.05, "MiB"),
    Target("own_networks", "embedding: growth per fit", "≤", 0.05, "MiB"),
    Target("own_networks", "lstm: growth per fit", "≤", 0.05, "MiB"),
    Target("own_networks", "gru: growth per fit", "≤", 0.05, "MiB"),
    Target("own_networks", "two inputs: growth per fit", "≤", 0.05, "MiB"),
    Target("cifar10", "skdeep ÷ Keras fit, model kept", "≤", 1.05),
    Target(
        "growth_rows", "largest deviation of the time per row from 1e4 on", "≤", 25, "%"
    ),
    Target("growth_rows", "peak memory ÷ (2.5 × data + 600 MiB), largest", "≤", 1),
    Target("growth_rows", "the same without libraries' files", "≤", 1),
    Target(
        "growth_network", "Keras fit, model kept ÷ skdeep, smallest over width", "≥", 1
    ),
    Target(
        "growth_network", "Keras fit, model kept ÷ skdeep, smallest over depth", "≥", 1
    ),
    Target(
        "growth_network",
        "Keras fit, model kept ÷ skdeep, smallest over classes",
        "≥",
        1,
    ),
    Target(
        "growth_network",
        "Keras fit, model kept ÷ skdeep, smallest over batch size",
        "≥",
        1,
    ),
    Target("import_time", "import skdeep ÷ import sklearn.neural_network", "≤", 1.25),
    Target("overhead", "one fit of one batch", "≤", 8, "ms"),
    Target("callbacks", "early stopping", "≤", 0.5, "ms"),
    Target("callbacks", "Keras' EarlyStopping", "≤", 2, "ms"),
)
