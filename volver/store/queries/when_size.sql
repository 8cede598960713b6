-- How many lines of real sales there are to known customers until a day, and the first and last day of them.
-- inputs: order_lines
-- params: as_of DATE
-- output: lines BIGINT, first_day DATE, last_day DATE
-- example: as_of=2017-10-01
-- example: as_of=null
select cast(count(*) as bigint) as lines, min(day) as first_day, max(day) as last_day
from order_lines
where kind = 'sale' and customer_id is not null and product_id is not null
      and (day <= $as_of or $as_of is null)
