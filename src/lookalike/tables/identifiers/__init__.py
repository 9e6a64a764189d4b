"""New identifiers of the same form as those of a column."""
