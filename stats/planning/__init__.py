"""Precision and power of a reader study before it is read. No Django."""
