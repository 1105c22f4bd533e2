"""Ask how fast a convolutional network is that is bound by arithmetic.

CIFAR-10, the network of 684,746 parameters: convolutions 32, 64, 128, 256 without
padding, dense 128 with dropout. One epoch of 5,120 images; the accuracy after it
shows that all learn alike, not what the network can reach.
"""

from benchmarks import fits, peers, problems, report

TRAINING = peers.Training(
    input_shape=(32, 32, 3),
    n_classes=10,
    filters=((32,), (64, 128), (256,)),
    pool_size=(2, 2, None),
    padding="valid",
    hidden_layer_sizes=(128,),
    dropout=0.25,
    optimizer="rmsprop",
    batch_size=128,
    epochs=1,
)
CONTENDERS = (peers.OURS, peers.KERAS_KEPT, peers.KERAS, peers.SKORCH)


def answer(quick):
    """Ask warm contenders in turns."""
    problem = problems.cifar10(n_rows=512 if quick else 5120)
    rounds = dict.fromkeys(CONTENDERS, 1 if quick else 5)
    records = fits.in_turns("benchmarks.cifar10", problem, TRAINING, rounds)
    return report.Answer(
        "cifar10",
        "CIFAR-10 CNN",
        "CIFAR-10, 5,120 images, convolutions 32-64-128-256, dense 128, dropout 0.25, "
        "batch 128, RMSprop, 1 epoch; each contender has fitted the same network once "
        "before.",
        fits.table(records, "accuracy"),
        fits.ratios(records),
    )


if __name__ == "__main__":
    report.main(fits.prepare, answer)
