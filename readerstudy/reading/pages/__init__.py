"""What pages are given: allow-listed fields, nothing to leak."""
