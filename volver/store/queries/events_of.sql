-- What happened with one customer other than orders, the newest first.
-- inputs: events, products
-- params: customer BIGINT, until DATE, most BIGINT
-- output: kind VARCHAR, ts_us BIGINT, day DATE, product VARCHAR, text VARCHAR
-- example: customer=1, until=2017-12-01, most=200
-- example: customer=3, until=2017-03-01, most=2
with told as (
  select e.event_id, e.kind, e.ts_us, e.day, coalesce(p.name, p.product_ref) as product, e.text,
         row_number() over (order by e.ts_us desc, e.event_id rows between unbounded preceding and current row) as nth
  from events e left join products p on p.product_id = e.product_id
  where e.customer_id = $customer and e.day <= $until
)
select kind, ts_us, day, product, text
from told where nth <= $most
order by nth
