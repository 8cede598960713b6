-- How many customers are in each stage and combination of segments, what they spent, and what they should bring.
-- inputs: facts, scores
-- output: stage VARCHAR, segments BIGINT, customers BIGINT, net_e4 BIGINT, value_e4 BIGINT, scored BIGINT
-- example:
select f.stage, f.segments, cast(count(*) as bigint) as customers, cast(sum(f.net_e4) as bigint) as net_e4,
       cast(sum(s.value_365d_e4) as bigint) as value_e4, cast(count(s.customer_id) as bigint) as scored
from facts f left join scores s on s.customer_id = f.customer_id
group by f.stage, f.segments
