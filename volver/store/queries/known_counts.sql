-- How many customers have ordered, how many events the last refresh counted, how many customers have scores.
-- inputs: facts, event_days, scores
-- output: customers BIGINT, events BIGINT, scored BIGINT
-- example:
with c as (select cast(count(*) as bigint) as customers from facts),
     e as (select cast(coalesce(sum(events), 0) as bigint) as events from event_days),
     s as (select cast(count(*) as bigint) as scored from scores)
select c.customers, e.events, s.scored from c cross join e cross join s
