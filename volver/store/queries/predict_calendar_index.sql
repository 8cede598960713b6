-- What the shop's store, or its trade, sold before: an imported index by day, week or month, or by month of every year.
-- inputs: calendar_index
-- output: kind VARCHAR, first_day DATE, last_day DATE, month_of_year INTEGER, value DOUBLE, imported_us BIGINT
select kind, first_day, last_day, month_of_year, value, imported_us
from calendar_index
order by first_day, month_of_year, value
