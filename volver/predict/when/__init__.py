"""When: what a customer buys again and how soon, the best moment to reach them, and chances that mean what they say.

Pure numerics on frames of interactions; nothing here reads a shop.
"""
