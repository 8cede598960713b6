"""Pages for the shop's customers: each opens by a signed address, to one customer, for a while."""
