"""Commands of the store: a new shop, its health, its settings."""
