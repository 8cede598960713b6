"""Commands of collect."""
