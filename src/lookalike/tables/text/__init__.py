"""Numbers, dates and durations that are written as text, and codes of the calendar."""
