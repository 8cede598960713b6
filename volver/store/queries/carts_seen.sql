-- How many carts were filled until a day: without any, nobody can have left one.
-- inputs: events
-- params: until DATE
-- output: carts BIGINT
-- example: until=2017-12-01
select cast(count(*) as bigint) as carts
from events
where kind in ('cart_added', 'checkout_started') and day <= $until
