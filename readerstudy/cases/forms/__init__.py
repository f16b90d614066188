"""What people send, parsed."""
