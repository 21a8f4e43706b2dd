"""Object stores: addresses such as s3://bucket/key, which objects they mean, and how their bytes are fetched."""
