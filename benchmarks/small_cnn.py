"""Ask how fast a small convolutional network is.

scikit-learn's 8×8 digits, two convolutions of 16 and 32 filters with a pooling after
each, one dense layer.
"""

from dataclasses import replace

from benchmarks import fits, peers, problems, report

TRAINING = peers.Training(
    input_shape=(8, 8, 1),
    n_classes=10,
    filters=((16,), (32,)),
    pool_size=(2, 2),
    hidden_layer_sizes=(64,),
    batch_size=32,
    epochs=10,
)
CONTENDERS = (
    peers.OURS,
    peers.KERAS_KEPT,
    peers.KERAS,
    peers.SKORCH,
    peers.SCIKERAS,
)


def answer(quick):
    """Ask warm contenders in turns."""
    training = replace(TRAINING, epochs=2) if quick else TRAINING
    rounds = dict.fromkeys(CONTENDERS, 1 if quick else 5)
    records = fits.in_turns("benchmarks.small_cnn", problems.digits(), training, rounds)
    return report.Answer(
        "small_cnn",
        "Small CNN",
        "Digits, 1437 images of 8×8, convolutions 16 and 32, dense 64, batch 32, Adam, "
        "10 epochs; each contender has fitted the same network once before.",
        fits.table(records, "accuracy"),
        fits.ratios(records),
    )


if __name__ == "__main__":
    report.main(fits.prepare, answer)
