-- How many carts were filled until a day: without any, nobody can have left one.
-- inputs: event_days
-- params: until DATE
-- output: carts BIGINT
-- example: until=2017-12-01
select cast(coalesce(sum(events), 0) as bigint) as carts
from event_days
where kind in ('cart_added', 'checkout_started') and day <= $until
