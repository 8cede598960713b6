-- The last day of the ledger and of the events, and the shop's usual gap as last refreshed.
-- inputs: order_lines, events, thresholds
-- output: last_day DATE, last_event_day DATE, gap_days DOUBLE
-- example:
with lines as (select max(day) as last_day from order_lines),
     seen as (select max(day) as last_event_day from events),
     usual as (select max(gap_days) as gap_days from thresholds)
select l.last_day, s.last_event_day, u.gap_days from lines l cross join seen s cross join usual u
