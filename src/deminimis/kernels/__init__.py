"""The kernel compiled for each level of processors, a folder each, and the choice of one; nothing about rows."""
