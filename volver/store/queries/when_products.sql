-- The products that were ever sold to known customers, and their categories.
-- inputs: order_lines, products
-- output: product_id BIGINT, category VARCHAR
-- A row that is no product (postage, vouchers) is left out; one that nobody described is a product without a category.
select l.product_id, p.category
from (
  select distinct product_id
  from order_lines
  where kind = 'sale' and customer_id is not null and product_id is not null
) l
left join products p on p.product_id = l.product_id
where coalesce(p.is_product, 1) = 1
order by l.product_id
