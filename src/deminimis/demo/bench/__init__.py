"""A benchmark that needs nothing else: fixed manifests, scored from memory, Parquet and CSV on 1, 2, 4 ... threads."""
