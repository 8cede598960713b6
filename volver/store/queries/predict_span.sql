-- First and last day with a sale in the ledger.
-- inputs: order_lines
-- output: first_day DATE, last_day DATE
select min(day) as first_day, max(day) as last_day
from order_lines
where kind = 'sale' and customer_id is not null
