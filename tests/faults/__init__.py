"""What happens when things break: real servers, killed, filled up and cut off."""
