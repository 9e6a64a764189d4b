"""What `conditions.py` is made of."""
