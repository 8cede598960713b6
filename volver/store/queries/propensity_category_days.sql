-- On how many days each customer bought from each category within some days, and the last of them.
-- inputs: order_lines, products
-- params: from_day DATE, to_day DATE, every BIGINT
-- output: customer_id BIGINT, category VARCHAR, bought_days BIGINT, last_day DATE
-- example: from_day=2017-01-01, to_day=2017-09-30, every=1
-- example: from_day=2017-10-01, to_day=2017-12-31, every=2
select l.customer_id, p.category, count(distinct l.day) as bought_days, max(l.day) as last_day
from order_lines l
join products p on p.product_id = l.product_id
where l.kind = 'sale' and l.customer_id is not null and l.customer_id % nullif($every, 0) = 0
      and l.day between $from_day and $to_day and p.category is not null and p.is_product = 1
group by l.customer_id, p.category
