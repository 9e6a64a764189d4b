"""Numbers, dates and durations that are written as text, and calendar codes."""
