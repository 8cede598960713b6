-- What was known of one customer's orders by the end of a day, without the rows that later ones took the place of.
-- inputs: order_days
-- params: until DATE, customer BIGINT
-- output: customer_id BIGINT, day DATE, from_day DATE, until_day DATE, counts INTEGER, gross_e4 BIGINT,
--    amount_e4 BIGINT
-- example: until=2017-05-01, customer=1
-- example: until=2017-12-01, customer=3
-- Rows marked `whole` take the place of the customer's older ones.
with renewed as (
  select max(batch) as batch
  from order_days where whole = 1 and customer_id = $customer
)
select b.customer_id, b.day, b.from_day, b.until_day, b.counts, b.gross_e4, b.amount_e4
from order_days b
cross join renewed r
where b.customer_id = $customer and b.from_day <= $until and (r.batch is null or b.batch >= r.batch)
