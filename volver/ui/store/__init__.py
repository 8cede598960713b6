"""The pages of the store: Jobs."""
