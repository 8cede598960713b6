"""Commands of the server: the demo, serving, who may enter."""
