-- Every customer who ordered: totals, rhythm, stage and segments as of a day.
-- inputs: orders, order_lines, products, events
-- params: as_of DATE, gap_days DOUBLE, second_days DOUBLE, slipping DOUBLE, sleeping DOUBLE, lost DOUBLE,
--    big_net_e4 BIGINT, vip_net_e4 BIGINT, high_aov_e4 BIGINT, loyal_orders BIGINT, discount_share DOUBLE,
--    has_discounts INTEGER
-- output: customer_id BIGINT, orders BIGINT, order_days BIGINT, net_e4 BIGINT, gross_e4 BIGINT, margin_e4 BIGINT,
--    aov_e4 BIGINT, units_e4 BIGINT, first_day DATE, last_day DATE, days_since INTEGER, usual_gap_days DOUBLE,
--    rhythm_days DOUBLE, discount_share DOUBLE, returned_share DOUBLE, top_product_id BIGINT, top_category VARCHAR,
--    stage VARCHAR, stage_since DATE, segments BIGINT
-- example: as_of=2017-11-01, gap_days=30, second_days=60, slipping=1.5, sleeping=3, lost=6, big_net_e4=1000000,
--    vip_net_e4=2000000, high_aov_e4=500000, loyal_orders=5, discount_share=0.5, has_discounts=1
-- The usual gap is the median of a customer's own gaps, drawn to the shop's by the weight of one gap. The rhythm is the
-- usual gap, but never so short that a wait which the customer has often had before would be late, nor under a week.
with buyers as (
  select customer_id, cast(sum(is_order) as bigint) as orders, cast(sum(net_e4) as bigint) as net_e4,
         cast(sum(gross_e4) as bigint) as gross_e4, cast(sum(cost_e4) as bigint) as cost_e4,
         cast(sum(units_e4) as bigint) as units_e4, cast(sum(returned_e4) as bigint) as returned_e4,
         cast(sum(case when is_order = 1 and discount_e4 > 0 then 1 else 0 end) as bigint) as discounted,
         max(case when is_order = 1 then ts_us end) as last_us
  from orders where customer_id is not null
  group by customer_id having sum(is_order) > 0
),
days as (
  select distinct customer_id, day from orders where customer_id is not null and is_order = 1
),
spans as (
  select customer_id, count(*) as order_days, min(day) as first_day, max(day) as last_day from days group by customer_id
),
gaps as (
  select customer_id, gap,
         row_number() over (partition by customer_id order by gap, day rows between unbounded preceding and current row) as rn,
         count(*) over (partition by customer_id) as n
  from (select customer_id, day,
               date_diff('day', lag(day) over (partition by customer_id order by day), day) as gap
        from days) steps
  where gap is not null
),
rhythms as (
  select customer_id, max(n) as n,
         cast(sum(case when rn = cast(floor((n + 1) / 2) as bigint) then gap else 0 end
                  + case when rn = cast(floor((n + 2) / 2) as bigint) then gap else 0 end) as double) / 2 as median,
         min(case when rn >= n * 0.9 then gap end) as long_gap
  from gaps group by customer_id
),
spent as (
  select l.customer_id, l.product_id, p.category,
         cast(sum(l.quantity_e4) as bigint) as units_e4, cast(sum(l.amount_e4) as bigint) as net_e4
  from order_lines l join products p on p.product_id = l.product_id
  where l.customer_id is not null and l.day <= $as_of and p.is_product = 1 and l.kind in ('sale', 'return', 'cancel')
  group by l.customer_id, l.product_id, p.category
),
top_products as (
  select customer_id, product_id,
         row_number() over (partition by customer_id order by units_e4 desc, net_e4 desc, product_id
                            rows between unbounded preceding and current row) as rn
  from spent
),
top_categories as (
  select customer_id, category,
         row_number() over (partition by customer_id order by sum(net_e4) desc, category
                            rows between unbounded preceding and current row) as rn
  from spent where category is not null group by customer_id, category
),
carts as (
  select customer_id, max(ts_us) as cart_us from events
  where kind in ('cart_added', 'checkout_started') and customer_id is not null and day <= $as_of
        and date_diff('day', day, $as_of) <= 30
  group by customer_id
),
waits as (
  select b.customer_id, b.orders, s.order_days, b.net_e4, b.gross_e4, b.cost_e4, b.units_e4, b.returned_e4, b.discounted,
         s.first_day, s.last_day, date_diff('day', s.last_day, $as_of) as days_since, r.n,
         case when r.n is null then null else ($gap_days + r.n * r.median) / nullif(cast(1 + r.n as double), 0) end as usual,
         case when c.cart_us > b.last_us then 1 else 0 end as left_cart,
         r.long_gap / nullif($slipping, 0) as habit
  from buyers b
  join spans s on s.customer_id = b.customer_id
  left join rhythms r on r.customer_id = b.customer_id
  left join carts c on c.customer_id = b.customer_id
),
paced as (
  select w.customer_id, w.orders, w.order_days, w.net_e4, w.gross_e4, w.cost_e4, w.units_e4, w.returned_e4, w.discounted,
         w.first_day, w.last_day, w.days_since, w.usual, w.left_cart,
         cast(floor(w.net_e4 / nullif(cast(w.orders as double), 0) + 0.5) as bigint) as aov_e4,
         case when w.n is null then $second_days / nullif($slipping, 0)
              when w.usual >= w.habit and w.usual >= 7 then w.usual
              when w.habit >= 7 then w.habit else cast(7 as double) end as rhythm
  from waits w
),
staged as (
  select p.customer_id, p.orders, p.order_days, p.net_e4, p.gross_e4, p.cost_e4, p.units_e4, p.returned_e4, p.discounted,
         p.first_day, p.last_day, p.days_since, p.usual, p.left_cart, p.aov_e4, p.rhythm,
         case when p.days_since > p.rhythm * $lost then 'lost'
              when p.days_since > p.rhythm * $sleeping then 'sleeping'
              when p.days_since > p.rhythm * $slipping then 'slipping'
              when p.order_days = 1 then 'new'
              when p.order_days >= 3 and p.net_e4 >= $big_net_e4 then 'champion'
              else 'growing' end as stage
  from paced p
)
select t.customer_id, t.orders, t.order_days, t.net_e4, t.gross_e4, t.net_e4 - t.cost_e4 as margin_e4, t.aov_e4,
       t.units_e4, t.first_day, t.last_day, cast(t.days_since as integer) as days_since, t.usual as usual_gap_days,
       t.rhythm as rhythm_days, t.discounted / nullif(cast(t.orders as double), 0) as discount_share,
       case when t.gross_e4 > 0 then -t.returned_e4 / nullif(cast(t.gross_e4 as double), 0) else cast(0 as double) end as returned_share,
       tp.product_id as top_product_id, tc.category as top_category, t.stage,
       case when t.stage = 'lost' then cast(t.last_day + cast(floor(t.rhythm * $lost) + 1 as integer) as date)
            when t.stage = 'sleeping' then cast(t.last_day + cast(floor(t.rhythm * $sleeping) + 1 as integer) as date)
            when t.stage = 'slipping' then cast(t.last_day + cast(floor(t.rhythm * $slipping) + 1 as integer) as date)
            when t.stage = 'new' then t.first_day else t.last_day end as stage_since,
       cast(case when t.orders = 1 then 1 else 2 end
            + case when t.net_e4 >= $big_net_e4 then 4 else 0 end
            + case when t.aov_e4 >= $high_aov_e4 then 8 else 0 end
            + case when $has_discounts = 1 and t.orders > 1 and t.discounted = 0 then 16 else 0 end
            + case when t.discounted > 0 and t.discounted / nullif(cast(t.orders as double), 0) >= $discount_share then 32 else 0 end
            + case when t.left_cart = 1 then 64 else 0 end
            + case when t.orders > 1 and t.net_e4 >= $vip_net_e4 and t.stage in ('champion', 'growing') then 128 else 0 end
            + case when t.orders > 1 and t.orders >= $loyal_orders and t.stage in ('champion', 'growing') then 256 else 0 end
            as bigint) as segments
from staged t
left join top_products tp on tp.customer_id = t.customer_id and tp.rn = 1
left join top_categories tc on tc.customer_id = t.customer_id and tc.rn = 1
