"""The laws: how people buy, stop and spend, as pure numerics over histories; a shop is not needed."""
