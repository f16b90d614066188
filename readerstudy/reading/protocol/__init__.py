"""The protocol: as it is frozen, as a file, and what it may say."""
