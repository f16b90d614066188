"""What coordinators write, checked field by field."""
