"""Files as nobody should write them, made from a seed: whatever arrives, reading ends in an answer or in our words."""
