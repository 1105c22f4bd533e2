"""One script per question about speed and memory, all peers in one run.

`measure` runs the contenders, `peers` holds them, `problems` the rows they train
on, `targets` what skdeep promises and `report` the tables. The other files are
the questions: `python -m benchmarks.one_fit` from the root of the repository.
Nothing here is installed with skdeep, and skdeep imports nothing from here.
"""
