-- How many events of each kind fell on each day.
-- inputs: events
-- output: day DATE, kind VARCHAR, events BIGINT
-- example:
select day, kind, cast(count(*) as bigint) as events from events group by day, kind
