"""How things lie on disk: sealed files, parcels of files, arrays."""
