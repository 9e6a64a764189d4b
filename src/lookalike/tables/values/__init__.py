"""Cells as numbers and levels, exactly and back: what relations and encodings both need."""
