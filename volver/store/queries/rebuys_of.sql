-- What one customer is likely to buy again, the likeliest first.
-- inputs: rebuys, products
-- params: customer BIGINT
-- output: product_id BIGINT, product_ref VARCHAR, name VARCHAR, category VARCHAR, times INTEGER, usual_gap_days DOUBLE,
--    last_day DATE, p_28d DOUBLE, due_from_day DATE, due_to_day DATE
-- example: customer=1
select r.product_id, p.product_ref, p.name, p.category, r.times, r.usual_gap_days, r.last_day, r.p_28d, r.due_from_day,
       r.due_to_day
from rebuys r
left join products p on p.product_id = r.product_id
where r.customer_id = $customer
order by r.p_28d desc, r.product_id
