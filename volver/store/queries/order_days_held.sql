-- The rows of every document, guests' too, without those that later ones took the place of.
-- inputs: order_days
-- output: customer_id BIGINT, day DATE, from_day DATE, until_day DATE, order_id BIGINT, counts INTEGER,
--    gross_e4 BIGINT, amount_e4 BIGINT
-- example:
-- Rows marked `whole` take the place of the older ones of the customer; of the document, where that is a guest's.
with renewed as (
  select coalesce(customer_id, -1 - order_id) as party_id, max(batch) as batch
  from order_days where whole = 1
  group by coalesce(customer_id, -1 - order_id)
)
select b.customer_id, b.day, b.from_day, b.until_day, b.order_id, b.counts, b.gross_e4, b.amount_e4
from order_days b
left join renewed r on r.party_id = coalesce(b.customer_id, -1 - b.order_id)
where r.batch is null or b.batch >= r.batch
