"""Files of tables: reading and writing CSV and Parquet."""
