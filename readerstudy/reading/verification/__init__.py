"""Whether a stored study is what its protocol and seed give."""
