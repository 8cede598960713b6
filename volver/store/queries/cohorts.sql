-- First-time buyers by month: how many ordered again n months later, and the net they brought in that month.
-- inputs: orders, months
-- output: cohort_no INTEGER, month VARCHAR, first_day DATE, month_n INTEGER, buyers BIGINT, net_e4 BIGINT
-- example:
with placed as (
  select o.customer_id, o.is_order, o.net_e4, m.month_no
  from orders o join months m on m.month_no = year(o.day) * 12 + month(o.day)
  where o.customer_id is not null
),
firsts as (
  select customer_id, min(case when is_order = 1 then month_no end) as cohort_no from placed group by customer_id
),
active as (
  select f.cohort_no, p.month_no - f.cohort_no as month_n,
         cast(count(distinct case when p.is_order = 1 then p.customer_id end) as bigint) as buyers,
         cast(sum(p.net_e4) as bigint) as net_e4
  from placed p join firsts f on f.customer_id = p.customer_id
  where f.cohort_no is not null and p.month_no >= f.cohort_no
  group by f.cohort_no, p.month_no - f.cohort_no
)
select cast(a.cohort_no as integer) as cohort_no, m.month, m.first_day, cast(a.month_n as integer) as month_n, a.buyers, a.net_e4
from active a join months m on m.month_no = a.cohort_no
