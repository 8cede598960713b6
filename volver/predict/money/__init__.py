"""What the forecasts mean for money: newcomers, leads, what winning a customer may cost, levers, benchmarks."""
