"""The systems that Keras courses teach, each as one estimator of skdeep.

`row` says what a system and its figures are; the other files hold the systems by
their data. `ROWS` has them all: `benchmarks/systems.py` runs them at the published
size, `tests/test_systems.py` at a small one.
"""

from benchmarks.courses import (
    convolutions,
    dense_images,
    houses,
    small_tables,
    texts,
)
from benchmarks.courses.row import Row

ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        small_tables.straight_line,
        small_tables.and_gate,
        small_tables.xor,
        small_tables.deep_xor,
        small_tables.eight_rows,
        small_tables.unscaled_stocks,
        small_tables.scaled_stocks,
        small_tables.iris,
        dense_images.zero_or_one,
        dense_images.checkpoints,
        dense_images.uniform_softmax,
        *dense_images.DIGITS_ROWS,
        dense_images.dropout,
        dense_images.ACTIVITY_ROW,
        dense_images.dropout_per_layer,
        dense_images.fashion,
        texts.imdb,
        texts.normalised_imdb,
        texts.penalised_imdb,
        texts.reuters,
        texts.bottleneck,
        houses.boston,
        houses.grid_search,
        convolutions.mnist_convolutions,
        convolutions.photos,
        convolutions.normalised_photos,
        convolutions.saved_photos,
    )
}
