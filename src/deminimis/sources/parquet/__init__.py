"""Parquet files to pieces: footers and pages read here, what is out of the ordinary by pyarrow."""
