"""Cohorts and uploads, for programs: the same services and selectors as the pages."""
