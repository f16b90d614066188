"""Which two scans are one case, and how alike they are: decisions, no rows."""
