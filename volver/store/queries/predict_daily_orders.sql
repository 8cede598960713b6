-- Later order days per day of the customers whose first order came no later than a day.
-- inputs: order_lines
-- params: born_until DATE, as_of DATE, every BIGINT
-- output: day DATE, orders BIGINT
-- example: born_until=2017-10-01, as_of=2017-12-31, every=1
with order_days as (
    select distinct customer_id, day
    from order_lines
    where kind = 'sale' and customer_id % nullif($every, 0) = 0 and day <= $as_of
),
first_days as (
    select customer_id, min(day) as first_day
    from order_days
    group by customer_id
)
select order_days.day, cast(count(*) as bigint) as orders
from order_days
join first_days on first_days.customer_id = order_days.customer_id
where first_days.first_day <= $born_until and order_days.day > first_days.first_day
group by order_days.day
order by order_days.day
