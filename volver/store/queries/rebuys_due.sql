-- The products that most customers are likely to buy again: how many, and how many purchases to expect in 28 days.
-- inputs: rebuys, products
-- params: most BIGINT
-- output: product_id BIGINT, name VARCHAR, customers BIGINT, likely BIGINT, expected_e6 BIGINT
-- example: most=5
-- `likely` counts customers with a chance of one half and more; `expected_e6` are millionths of a purchase.
with told as (
  select r.product_id, cast(count(*) as bigint) as customers,
         cast(sum(case when r.p_28d >= 0.5 then 1 else 0 end) as bigint) as likely,
         cast(sum(cast(floor(r.p_28d * 1000000 + 0.5) as bigint)) as bigint) as expected_e6
  from rebuys r
  group by r.product_id
),
placed as (
  select product_id, customers, likely, expected_e6,
         row_number() over (
           order by expected_e6 desc, product_id rows between unbounded preceding and current row) as nth
  from told
)
select t.product_id, p.name, t.customers, t.likely, t.expected_e6
from placed t
left join products p on p.product_id = t.product_id
where t.nth <= $most
order by t.nth, t.product_id
