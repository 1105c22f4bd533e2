"""Ask how long one fit takes when its program has been compiled before.

Boston housing, the network 13-64-64-1, once without and once with dropout and L2.
"""

from dataclasses import replace

from benchmarks import fits, peers, problems, report

PLAIN = peers.Training(input_shape=(13,))
REGULARISED = replace(PLAIN, dropout=0.2, l2=1e-4)
SETTING = (
    "Boston housing, 404×13, network 64-64-1, batch 16, Adam, 100 epochs{}; "
    "each contender has fitted the same network once before."
)
# Contenders of less than a second take part in more rounds.
PLAIN_ROUNDS = {
    peers.OURS: 15,
    peers.JAX: 15,
    peers.MLP: 10,
    peers.SKORCH: 5,
    peers.SKORCH_UNTUNED: 5,
    peers.KERAS_TUNED: 3,
    peers.KERAS_KEPT: 3,
    peers.KERAS: 3,
    peers.KERAS_WRAPPERS: 3,
    peers.SCIKERAS: 5,
    peers.SCIKERAS_SEEDED: 3,
}
REGULARISED_ROUNDS = {
    peers.OURS: 15,
    peers.JAX: 15,
    peers.JAX_CHEAP: 15,
    peers.SKORCH: 5,
    peers.SKORCH_UNTUNED: 5,
    peers.KERAS: 3,
    peers.SCIKERAS: 5,
}


def answer(quick):
    """Ask both variants."""
    problem = problems.boston()
    return [
        ask(problem, "one_fit", PLAIN, PLAIN_ROUNDS, quick),
        ask(problem, "one_fit_dropout", REGULARISED, REGULARISED_ROUNDS, quick),
    ]


def ask(problem, question, training, rounds, quick):
    """Time one variant."""
    if quick:
        training = replace(training, epochs=10)
        rounds = dict.fromkeys(rounds, 2)
    records = fits.in_turns("benchmarks.one_fit", problem, training, rounds)
    regularised = training.dropout > 0
    return report.Answer(
        question,
        "One fit with dropout and L2" if regularised else "One fit",
        SETTING.format(", dropout 0.2, L2 1e-4" if regularised else ""),
        fits.table(records, "R²"),
        fits.ratios(records),
    )


if __name__ == "__main__":
    report.main(fits.prepare, answer)
