-- The days on which one customer ordered.
-- inputs: orders
-- params: customer BIGINT
-- output: day DATE
-- example: customer=1
select distinct day
from orders
where customer_id = $customer and is_order = 1
order by day
