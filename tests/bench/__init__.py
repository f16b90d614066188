"""`make bench`: measure what was promised to be fast, and write var/bench.json.

Machines differ and are noisy, so a line has a baseline that runs in the same call
and a ratio to it where there is one; counts (statements, bytes) are exact.
`python -m tests.bench reading` measures one part, or several that are named.
"""
