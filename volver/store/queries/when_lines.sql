-- The days on which customers bought products: one row per customer, product and day.
-- inputs: order_lines, orders, products
-- params: as_of DATE, parts BIGINT, part BIGINT
-- output: customer_id BIGINT, product_id BIGINT, day DATE
-- example: as_of=2017-10-01, parts=1, part=0
-- example: as_of=2017-10-01, parts=3, part=2
-- Only customers whose id leaves `part` when divided by `parts`. Sales of real products; an order that was undone by
-- the day never was one.
select distinct l.customer_id, l.product_id, l.day
from order_lines l
left join orders o on o.order_id = l.order_id and o.customer_id = l.customer_id and o.undone_day <= $as_of
left join products p on p.product_id = l.product_id
where l.kind = 'sale' and l.day <= $as_of and l.product_id is not null
      and abs(l.customer_id) % nullif($parts, 0) = $part
      and o.order_id is null and coalesce(p.is_product, 1) = 1
