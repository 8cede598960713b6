-- What is usual in this shop as of a day: gaps between order days, and from where a customer is among the first.
-- inputs: orders
-- params: as_of DATE, big_spender DOUBLE, high_aov DOUBLE, loyal DOUBLE, vip DOUBLE
-- output: as_of DATE, customers BIGINT, repeat_customers BIGINT, gap_days DOUBLE, second_gap_days DOUBLE,
--    big_net_e4 BIGINT, vip_net_e4 BIGINT, high_aov_e4 BIGINT, loyal_orders BIGINT, discounted_orders BIGINT
-- example: as_of=2017-11-01, big_spender=0.9, high_aov=0.9, loyal=0.9, vip=0.95
-- A threshold is the smallest value strictly above the quantile, so that where all are equal nobody stands out; NULL
-- where there is none. `gap_days` is the median gap, `second_gap_days` the three-quarter quantile of first gaps.
with buyers as (
  select customer_id, orders, net_e4, discounted,
         cast(floor(cast(net_e4 as double) / nullif(orders, 0) + 0.5) as bigint) as aov_e4
  from (select customer_id, cast(sum(is_order) as bigint) as orders, cast(sum(net_e4) as bigint) as net_e4,
               cast(sum(case when is_order = 1 and discount_e4 > 0 then 1 else 0 end) as bigint) as discounted
        from orders where customer_id is not null group by customer_id) totals
  where orders > 0
),
steps as (
  select customer_id, day, lag(day) over (partition by customer_id order by day) as before_day,
         row_number() over (partition by customer_id order by day rows between unbounded preceding and current row) as nth
  from (select distinct customer_id, day from orders where customer_id is not null and is_order = 1) days
),
gaps as (
  select date_diff('day', before_day, day) as gap, case when nth = 2 then 1 else 0 end as is_second
  from steps where before_day is not null
),
gap_ranks as (
  select gap, cast(sum(count(*)) over (order by gap rows between unbounded preceding and current row) as bigint) as up_to,
         cast(sum(sum(is_second)) over (order by gap rows between unbounded preceding and current row) as bigint) as seconds,
         cast(sum(count(*)) over () as bigint) as all_gaps, cast(sum(sum(is_second)) over () as bigint) as all_seconds
  from gaps group by gap
),
usual_gaps as (
  select min(case when up_to * 2 >= all_gaps then gap end) as gap,
         min(case when seconds * 4 >= all_seconds * 3 and all_seconds > 0 then gap end) as second_gap
  from gap_ranks
),
sizes as (
  select cast(count(*) as bigint) as customers,
         cast(coalesce(sum(case when orders > 1 then 1 else 0 end), 0) as bigint) as repeaters,
         cast(coalesce(sum(discounted), 0) as bigint) as discounted
  from buyers
),
ranked as (
  select net_e4, aov_e4,
         row_number() over (order by net_e4, customer_id rows between unbounded preceding and current row) as net_rn,
         row_number() over (order by aov_e4, customer_id rows between unbounded preceding and current row) as aov_rn
  from buyers
),
ranked_repeaters as (
  select orders, row_number() over (order by orders, customer_id rows between unbounded preceding and current row) as rn
  from buyers where orders > 1
),
usual as (
  select max(case when r.net_rn = floor((z.customers - 1) * $big_spender) + 1 then r.net_e4 end) as net_e4,
         max(case when r.net_rn = floor((z.customers - 1) * $vip) + 1 then r.net_e4 end) as vip_e4,
         max(case when r.aov_rn = floor((z.customers - 1) * $high_aov) + 1 then r.aov_e4 end) as aov_e4
  from ranked r cross join sizes z
),
usual_orders as (
  select max(case when r.rn = floor((z.repeaters - 1) * $loyal) + 1 then r.orders end) as orders
  from ranked_repeaters r cross join sizes z
),
above as (
  select min(case when b.net_e4 > u.net_e4 then b.net_e4 end) as big_net_e4,
         min(case when b.net_e4 > u.vip_e4 then b.net_e4 end) as vip_net_e4,
         min(case when b.aov_e4 > u.aov_e4 then b.aov_e4 end) as high_aov_e4,
         min(case when b.orders > 1 and b.orders > o.orders then b.orders end) as loyal_orders
  from buyers b cross join usual u cross join usual_orders o
)
select cast($as_of as date) as as_of, z.customers, z.repeaters as repeat_customers, cast(g.gap as double) as gap_days,
       cast(g.second_gap as double) as second_gap_days, a.big_net_e4, a.vip_net_e4, a.high_aov_e4, a.loyal_orders,
       z.discounted as discounted_orders
from sizes z cross join usual_gaps g cross join above a
