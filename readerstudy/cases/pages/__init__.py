"""What pages of cohorts are given, and pictures for coordinators."""
