"""The tomograms among the files that were sent."""
