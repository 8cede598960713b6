-- The last day of the ledger and of the events from a month on, and the shop's usual gap as last refreshed.
-- inputs: order_lines, events, thresholds
-- params: lines_month VARCHAR, events_month VARCHAR
-- output: last_day DATE, last_event_day DATE, gap_days DOUBLE
-- example: lines_month=2017-11, events_month=2017-09
-- The months are the newest that the tables hold, so that only the newest files are opened.
with lines as (select max(day) as last_day from order_lines where month >= $lines_month),
     seen as (select max(day) as last_event_day from events where month >= $events_month),
     usual as (select max(gap_days) as gap_days from thresholds)
select l.last_day, s.last_event_day, u.gap_days from lines l cross join seen s cross join usual u
