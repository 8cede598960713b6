-- Every customer's stage, segments, first order day, channel and campaign, as last refreshed.
-- inputs: facts, customers
-- output: customer_id BIGINT, stage VARCHAR, segments BIGINT, first_day DATE, channel VARCHAR, campaign VARCHAR
-- example:
select f.customer_id, f.stage, f.segments, f.first_day, c.channel, c.campaign
from facts f left join customers c on c.customer_id = f.customer_id
