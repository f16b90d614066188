"""Everything of a system in one file, and the system made from it again."""
