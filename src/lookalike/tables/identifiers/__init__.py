"""New identifiers in the format of a column's."""
