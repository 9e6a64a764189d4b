"""Dataframes of every library in and out, as Arrow tables that remember where they came from."""
