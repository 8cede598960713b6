-- Every customer's stage, segments, first order day and channel, as last refreshed.
-- inputs: facts, customers
-- output: customer_id BIGINT, stage VARCHAR, segments BIGINT, first_day DATE, channel VARCHAR
-- example:
select f.customer_id, f.stage, f.segments, f.first_day, c.channel
from facts f left join customers c on c.customer_id = f.customer_id
