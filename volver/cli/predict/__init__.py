"""Commands of predict."""
