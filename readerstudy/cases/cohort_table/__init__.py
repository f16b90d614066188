"""The table of a cohort as a file."""
