-- What is usual in this shop: gaps between order days, and the quantiles that make a big spender, a VIP, a loyal buyer.
-- inputs: orders
-- params: big_spender DOUBLE, high_aov DOUBLE, loyal DOUBLE, vip DOUBLE
-- output: customers BIGINT, repeat_customers BIGINT, gap_days DOUBLE, second_gap_days DOUBLE, big_net_e4 BIGINT,
--    vip_net_e4 BIGINT, high_aov_e4 BIGINT, loyal_orders BIGINT, discounted_orders BIGINT
-- example: big_spender=0.9, high_aov=0.9, loyal=0.9, vip=0.95
with buyers as (
  select customer_id, cast(sum(is_order) as bigint) as orders, cast(sum(net_e4) as bigint) as net_e4,
         cast(sum(case when is_order = 1 and discount_e4 > 0 then 1 else 0 end) as bigint) as discounted
  from orders where customer_id is not null
  group by customer_id having sum(is_order) > 0
),
days as (
  select distinct customer_id, day from orders where customer_id is not null and is_order = 1
),
steps as (
  select customer_id, day,
         lag(day) over (partition by customer_id order by day) as before_day,
         row_number() over (partition by customer_id order by day rows between unbounded preceding and current row) as nth
  from days
),
gaps as (
  select customer_id, nth, date_diff('day', before_day, day) as gap from steps where before_day is not null
),
ranked_gaps as (
  select gap, row_number() over (order by gap, customer_id, nth rows between unbounded preceding and current row) as rn
  from gaps
),
ranked_seconds as (
  select gap, row_number() over (order by gap, customer_id rows between unbounded preceding and current row) as rn
  from gaps where nth = 2
),
sizes as (
  select cast(count(*) as bigint) as customers,
         cast(sum(case when orders > 1 then 1 else 0 end) as bigint) as repeaters,
         cast(sum(discounted) as bigint) as discounted
  from buyers
),
gap_sizes as (
  select count(*) as n, cast(sum(case when nth = 2 then 1 else 0 end) as bigint) as seconds from gaps
),
ranked as (
  select net_e4, cast(floor(net_e4 / nullif(cast(orders as double), 0) + 0.5) as bigint) as aov_e4, orders,
         row_number() over (order by net_e4, customer_id rows between unbounded preceding and current row) as net_rn,
         row_number() over (order by net_e4 / nullif(cast(orders as double), 0), customer_id
                            rows between unbounded preceding and current row) as aov_rn
  from buyers
),
ranked_repeaters as (
  select orders, row_number() over (order by orders, customer_id rows between unbounded preceding and current row) as rn
  from buyers where orders > 1
)
select z.customers, z.repeaters as repeat_customers,
       (select cast(min(r.gap) as double) from ranked_gaps r cross join gap_sizes g where r.rn >= g.n * 0.5) as gap_days,
       (select cast(min(r.gap) as double) from ranked_seconds r cross join gap_sizes g where r.rn >= g.seconds * 0.75)
         as second_gap_days,
       (select min(r.net_e4) from ranked r cross join sizes s where r.net_rn >= s.customers * $big_spender) as big_net_e4,
       (select min(r.net_e4) from ranked r cross join sizes s where r.net_rn >= s.customers * $vip) as vip_net_e4,
       (select min(r.aov_e4) from ranked r cross join sizes s where r.aov_rn >= s.customers * $high_aov) as high_aov_e4,
       (select min(r.orders) from ranked_repeaters r cross join sizes s where r.rn >= s.repeaters * $loyal) as loyal_orders,
       z.discounted as discounted_orders
from sizes z
