-- What every known customer bought, one row per order and product, until a day.
-- inputs: order_lines, products
-- params: until DATE
-- output: customer_id BIGINT, order_id BIGINT, product_id BIGINT, ts_us BIGINT, quantity_e4 BIGINT, amount_e4 BIGINT,
--   discount_e4 BIGINT
-- example: until=2017-10-01
-- Guests, postage and other lines that are no products are left out; what was given back later was wanted all the same.
-- `discount_e4` is what was taken off, 0 where none is known; `amount_e4` is what was paid.
select l.customer_id, l.order_id, l.product_id, min(l.ts_us) as ts_us, cast(sum(l.quantity_e4) as bigint) as quantity_e4,
       cast(sum(l.amount_e4) as bigint) as amount_e4, cast(sum(l.discount_e4) as bigint) as discount_e4
from order_lines l
left join products p on p.product_id = l.product_id
where l.day <= $until and l.kind = 'sale' and l.customer_id is not null and l.product_id is not null
  and coalesce(p.is_product, 1) = 1
group by l.customer_id, l.order_id, l.product_id
having sum(l.quantity_e4) > 0
