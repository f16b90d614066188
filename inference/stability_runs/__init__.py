"""Runs of the stability suite: what they are given, what they keep, what pages show."""
