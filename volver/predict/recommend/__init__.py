"""What a customer will want: item neighbours, sessions, popularity, and the recommender that chooses among them.

Pure numerics over columns of user, item and time. Every module works without a shop; import them one by one.
"""
