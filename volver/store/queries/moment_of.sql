-- The best moment to reach one customer, if it is known, and the shop's own, in a row without a customer.
-- inputs: moments
-- params: customer BIGINT
-- output: customer_id BIGINT, weekday INTEGER, hour INTEGER, lift DOUBLE, n_events BIGINT
-- example: customer=1
select customer_id, weekday, hour, lift, n_events
from moments
where customer_id = $customer or customer_id is null
order by customer_id
