"""Made-up manifests: one to show, one to time."""
