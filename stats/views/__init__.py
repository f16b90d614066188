"""The doors of the report: its page, its files, its figures."""
