"""The ground under every model: optimisers, regression, calibration, metrics, horizons; no shop is needed."""
