"""What each customer and the whole shop will be worth: chosen, trained, published and watched on the shop's own past.

The way of a forecast: `order_days` (kept beside the ledger) → `histories` (who was known on any day) → `backtest` →
`selection`, which asks `calendar_selection`, `level` and `correction` → `training` → `forecast`. `publishing` writes
scores and puts the model into the `registry`, `holdout` tests it, `report`, `one_customer`, `reasons` and `tracking`
tell it, `rollback` and `drift` look after it. `shop_calendar` keeps the calendar that a shop imported.
"""
