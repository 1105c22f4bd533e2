"""The caller's arrays: features, targets, weights, and the rows held out.

Checks and encodes; knows neither networks nor training.
"""
