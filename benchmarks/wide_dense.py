"""Ask how fast the batches of a wide dense network are.

MNIST, 784-512-512-10 with dropout. "Keras fit, model kept" is Keras at its best:
traced before, started from new weights.
"""

from dataclasses import replace

from benchmarks import fits, peers, problems, report

TRAINING = peers.Training(
    input_shape=(784,),
    n_classes=10,
    hidden_layer_sizes=(512, 512),
    dropout=0.2,
    batch_size=128,
    epochs=2,
)
CONTENDERS = (
    peers.OURS,
    peers.JAX,
    peers.KERAS_KEPT,
    peers.KERAS,
    peers.SKORCH,
    peers.SCIKERAS,
)


def answer(quick):
    """Ask warm contenders in turns."""
    problem = problems.mnist(n_rows=2560 if quick else 60_000)
    training = replace(TRAINING, epochs=1) if quick else TRAINING
    rounds = dict.fromkeys(CONTENDERS, 1 if quick else 5)
    records = fits.in_turns("benchmarks.wide_dense", problem, training, rounds)
    return report.Answer(
        "wide_dense",
        "Wide dense network",
        "MNIST, 60,000×784, network 512-512-10, dropout 0.2, batch 128, Adam, 2 "
        "epochs; each contender has fitted the same network once before.",
        fits.table(records, "accuracy"),
        fits.ratios(records),
    )


if __name__ == "__main__":
    report.main(fits.prepare, answer)
