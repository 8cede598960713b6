"""The page of predict: Lifetime value; and the cards about forecasts on other pages."""
