"""The pages of collect: bringing files in, what was brought in, what was set aside."""
