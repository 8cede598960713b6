-- The categories that most customers bought from within some days, most customers first.
-- inputs: order_lines, products
-- params: from_day DATE, to_day DATE, most BIGINT
-- output: place BIGINT, category VARCHAR, customers BIGINT
-- example: from_day=2017-01-01, to_day=2017-12-31, most=3
select place, category, customers
from (select p.category, count(distinct l.customer_id) as customers,
             row_number() over (order by count(distinct l.customer_id) desc, p.category
                                rows between unbounded preceding and current row) as place
      from order_lines l
      join products p on p.product_id = l.product_id
      where l.kind = 'sale' and l.customer_id is not null and l.day between $from_day and $to_day
            and p.category is not null and p.is_product = 1
      group by p.category) ranked
where place <= $most
