"""Commands of know."""
