"""Inference of the schema: the kind of each column, and why."""
