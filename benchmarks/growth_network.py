"""Ask how the time of a fit grows with width, depth, classes and batch size.

One curve each, next to `keras.Model.fit` on a model that was traced before: a cliff
would show as a ratio below one.
"""

from dataclasses import replace

from benchmarks import fits, measure, peers, problems, report
from benchmarks.measure import Spread

BASE = peers.Training(input_shape=(13,), batch_size=32, epochs=5)
CURVES = {
    "width": (16, 64, 256, 1024, 2048),
    "depth": (1, 2, 4, 8, 16),
    "classes": (2, 10, 100, 1000),
    "batch size": (1, 8, 32, 128, 512, 2000),
}
N_ROWS = 2000


def training_at(curve: str, value: int) -> peers.Training:
    """Return the training at one point of a curve."""
    changes = {
        "width": {"hidden_layer_sizes": (value, value)},
        "depth": {"hidden_layer_sizes": (64,) * value},
        "classes": {"n_classes": value},
        "batch size": {"batch_size": value},
    }
    return replace(BASE, **changes[curve])


def answer(quick):
    """Ask both contenders in turns at every point."""
    rows, figures = [], {}
    for curve, values in CURVES.items():
        smallest = None
        for value in values[:2] if quick else values:
            training = training_at(curve, value)
            problem = problems.made_up(N_ROWS, n_classes=training.n_classes)
            records = fits.in_turns(
                "benchmarks.growth_network",
                problem,
                training,
                dict.fromkeys((peers.OURS, peers.KERAS_KEPT), 2 if quick else 5),
            )
            ratio = measure.ratio(records[peers.KERAS_KEPT], records[peers.OURS])
            rows.append({"curve": curve, "value": value, **columns(records, ratio)})
            if smallest is None or ratio.median < smallest.median:
                smallest = ratio
        figures[f"{peers.KERAS_KEPT} ÷ skdeep, smallest over {curve}"] = smallest
    return report.Answer(
        "growth_network",
        "Growth with the network",
        "2,000 rows of 13 features, network 64-64-1, batch 32, Adam, 5 epochs, changed "
        "in one thing at a time; programs compiled and models traced before.",
        rows,
        figures,
    )


def columns(records, ratio):
    """Return the cells of one point."""
    cells = {}
    for contender, its in records.items():
        cells[f"{contender}, s"] = Spread.of(measure.values(its, "seconds"))
        quality = Spread.of(measure.values(its, "quality")).median
        cells[f"{contender}, quality"] = quality
    return cells | {"ratio": ratio}


if __name__ == "__main__":
    report.main(fits.prepare, answer)
