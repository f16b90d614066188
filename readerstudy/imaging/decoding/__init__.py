"""Strange files are decoded in a process of their own, within time and memory.

A decoder of somebody else's may hang, crash or want all there is: then one file is
refused, and nothing else is disturbed. The process knows no key and no database and
can write no file; it is asked over pipes, in plain words and bytes (`wire`), of which
the large ones stand in memory that both see (`board`).
"""

from .decoder import LIMIT_S, Decoder, decoders

__all__ = ["LIMIT_S", "Decoder", "decoders"]
