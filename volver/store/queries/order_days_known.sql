-- What was known of customers' orders by the end of a day, without the rows that later ones took the place of.
-- inputs: order_days
-- params: until DATE, every BIGINT
-- output: customer_id BIGINT, day DATE, from_day DATE, until_day DATE, counts INTEGER, gross_e4 BIGINT,
--    amount_e4 BIGINT
-- example: until=2017-05-01, every=1
-- example: until=2017-12-01, every=3
-- Only customers whose id `every` divides (1: all). Rows marked `whole` take the place of the customer's older ones.
with renewed as (
  select customer_id, max(batch) as batch
  from order_days where whole = 1 and customer_id is not null
  group by customer_id
)
select b.customer_id, b.day, b.from_day, b.until_day, b.counts, b.gross_e4, b.amount_e4
from order_days b
left join renewed r on r.customer_id = b.customer_id
where b.from_day <= $until and b.customer_id % nullif($every, 0) = 0 and (r.batch is null or b.batch >= r.batch)
