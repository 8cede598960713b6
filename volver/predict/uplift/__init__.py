"""Whom an action moves, and how likely an event is: learners and their evaluation, as numerics over any frame."""
