"""The order ledger: what each line is, who it belongs to, and how a batch of lines becomes part of the shop."""
