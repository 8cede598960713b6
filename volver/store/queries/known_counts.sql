-- How many customers have ordered, how many events came, how many customers have scores.
-- inputs: facts, events, scores
-- output: customers BIGINT, events BIGINT, scored BIGINT
-- example:
with c as (select cast(count(*) as bigint) as customers from facts),
     e as (select cast(count(*) as bigint) as events from events),
     s as (select cast(count(*) as bigint) as scored from scores)
select c.customers, e.events, s.scored from c cross join e cross join s
