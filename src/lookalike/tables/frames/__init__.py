"""Conversion between dataframes of every library and Arrow tables with their origin."""
