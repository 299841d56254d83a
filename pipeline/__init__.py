"""The pipeline: where records come from, what they become, and the tables they are written to."""
