-- Who used a discount and who sent goods back within some days.
-- inputs: order_lines
-- params: from_day DATE, to_day DATE, every BIGINT
-- output: customer_id BIGINT, discounted INTEGER, returned INTEGER
-- example: from_day=2017-10-01, to_day=2017-12-31, every=1
-- example: from_day=2017-11-01, to_day=2017-12-31, every=2
select customer_id, max(case when kind = 'sale' and discount_e4 > 0 then 1 else 0 end) as discounted,
       max(case when kind = 'return' then 1 else 0 end) as returned
from order_lines
where customer_id is not null and customer_id % nullif($every, 0) = 0 and day between $from_day and $to_day
      and kind in ('sale', 'return')
group by customer_id
