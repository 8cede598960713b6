"""The pages of know: Home, Customers, a customer, Segments."""
