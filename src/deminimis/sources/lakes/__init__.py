"""Tables of lakes, whose log says which files and rows count: Delta and Iceberg."""
