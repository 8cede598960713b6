"""The console over HTTP: sessions, forms that prove where they come from, entering and leaving."""
