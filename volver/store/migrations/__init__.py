"""Numbered steps from an empty state to today's; `volver.store.state` takes them when a shop is opened."""
