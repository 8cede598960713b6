-- Every customer's first order day, what came later, and the groups that the first order puts them in.
-- inputs: orders, order_lines, products, customers
-- params: as_of DATE, within BIGINT
-- output: customer_id BIGINT, first_day DATE, later_days BIGINT, first_net_e4 BIGINT, first_margin_e4 BIGINT,
--    later_net_e4 BIGINT, later_margin_e4 BIGINT, units_e4 BIGINT, gross_e4 BIGINT, discount_e4 BIGINT, channel VARCHAR,
--    campaign VARCHAR, product_id BIGINT, product VARCHAR, category VARCHAR
-- example: as_of=2017-10-01, within=365
-- example: as_of=2017-11-01, within=30
-- Of what came later only the first `within` days after the first order count. Orders of one day are one. The first product is the one that the most money went to. Money is net of what came back,
-- also later; what came back without a sale lies in the later money.
with placed as (
  select customer_id, day, is_order, net_e4, net_e4 - cost_e4 as margin_e4, units_e4, gross_e4, discount_e4
  from orders where customer_id is not null and day <= $as_of
),
births as (
  select customer_id, min(day) as first_day from placed where is_order = 1 group by customer_id
),
marked as (
  select p.customer_id, b.first_day, p.day, p.is_order, p.net_e4, p.margin_e4, p.units_e4, p.gross_e4, p.discount_e4,
         case when p.is_order = 1 and p.day = b.first_day then 1 else 0 end as is_first
  from placed p join births b on b.customer_id = p.customer_id
  where date_diff('day', b.first_day, p.day) <= $within
),
money as (
  select customer_id, first_day,
         cast(count(distinct case when is_order = 1 and is_first = 0 then day end) as bigint) as later_days,
         cast(sum(case when is_first = 1 then net_e4 else 0 end) as bigint) as first_net_e4,
         cast(sum(case when is_first = 1 then margin_e4 else 0 end) as bigint) as first_margin_e4,
         cast(sum(case when is_first = 1 then 0 else net_e4 end) as bigint) as later_net_e4,
         cast(sum(case when is_first = 1 then 0 else margin_e4 end) as bigint) as later_margin_e4,
         cast(sum(case when is_first = 1 then units_e4 else 0 end) as bigint) as units_e4,
         cast(sum(case when is_first = 1 then gross_e4 else 0 end) as bigint) as gross_e4,
         cast(sum(case when is_first = 1 then discount_e4 else 0 end) as bigint) as discount_e4
  from marked group by customer_id, first_day
),
baskets as (
  select l.customer_id, l.product_id, cast(sum(l.amount_e4) as bigint) as amount_e4
  from order_lines l join births b on b.customer_id = l.customer_id and b.first_day = l.day
  join products p on p.product_id = l.product_id
  where l.kind = 'sale' and p.is_product = 1
  group by l.customer_id, l.product_id
),
ranked as (
  select customer_id, product_id,
         row_number() over (partition by customer_id order by amount_e4 desc, product_id
                            rows between unbounded preceding and current row) as place
  from baskets
)
select m.customer_id, m.first_day, m.later_days, m.first_net_e4, m.first_margin_e4, m.later_net_e4, m.later_margin_e4,
       m.units_e4, m.gross_e4, m.discount_e4, c.channel, c.campaign, r.product_id,
       coalesce(p.name, p.product_ref) as product, p.category
from money m
left join customers c on c.customer_id = m.customer_id
left join ranked r on r.customer_id = m.customer_id and r.place = 1
left join products p on p.product_id = r.product_id
