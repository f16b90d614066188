"""Condition sweeps: one factor over levels and seeds, and what each level reaches.

Pure: numpy and scipy, neither Django nor torch. `plans` says what every point of a
sweep is, `conditions` makes the images that it learns from, `findings` concludes.
"""
