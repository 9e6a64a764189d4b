"""Lossless conversion of cells to numbers and levels, for relations and encodings."""
