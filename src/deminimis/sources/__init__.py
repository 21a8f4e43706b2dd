"""Any manifest to pieces that workers read."""
