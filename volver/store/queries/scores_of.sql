-- What the fit published of one customer's value over a year, with its interval.
-- inputs: scores
-- params: customer BIGINT
-- output: value_365d_e4 BIGINT, value_low_e4 BIGINT, value_high_e4 BIGINT
-- example: customer=1
select value_365d_e4, value_low_e4, value_high_e4
from scores
where customer_id = $customer
