-- What was spent to win customers, by group, campaign and month.
-- inputs: costs
-- params: kind VARCHAR
-- output: channel VARCHAR, campaign VARCHAR, month VARCHAR, cost_e4 BIGINT, customers BIGINT
-- example: kind=channel
select channel, campaign, month, cost_e4, customers
from costs where kind = $kind
order by channel, campaign, month, cost_e4
