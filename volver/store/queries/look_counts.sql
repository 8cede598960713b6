-- How many customers there are by stage, one-time or not, cart left or not, and what they should bring.
-- inputs: facts, scores
-- output: stage VARCHAR, is_repeat INTEGER, left_cart INTEGER, customers BIGINT, aov_e4 BIGINT, value_e4 BIGINT,
--    scored BIGINT
-- The seventh bit of `segments` is a cart that was left.
with marked as (
  select f.customer_id, f.stage, f.aov_e4, s.value_365d_e4, s.customer_id as scored_id,
         case when f.orders > 1 then 1 else 0 end as is_repeat,
         cast(cast(floor(f.segments / 64) as bigint) - 2 * cast(floor(f.segments / 128) as bigint) as integer) as left_cart
  from facts f left join scores s on s.customer_id = f.customer_id
)
select stage, is_repeat, left_cart, cast(count(*) as bigint) as customers, cast(sum(aov_e4) as bigint) as aov_e4,
       cast(sum(value_365d_e4) as bigint) as value_e4, cast(count(scored_id) as bigint) as scored
from marked group by stage, is_repeat, left_cart
