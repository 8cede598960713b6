-- People known by name who did something before any order: since when, until when, and the day of their first order.
-- inputs: events, customers, orders
-- params: as_of DATE
-- output: customer_id BIGINT, channel VARCHAR, seen_day DATE, last_seen_day DATE, first_day DATE
-- example: as_of=2017-10-01
-- The first order day is null for those who have not ordered yet. Whoever came and ordered on one day was no lead.
with seen as (
  select customer_id, min(day) as seen_day, max(day) as last_seen_day
  from events where customer_id is not null and day <= $as_of and kind <> 'message_sent'
  group by customer_id
),
births as (
  select customer_id, min(day) as first_day
  from orders where customer_id is not null and is_order = 1 and day <= $as_of
  group by customer_id
)
select s.customer_id, c.channel, s.seen_day, s.last_seen_day, b.first_day
from seen s
left join births b on b.customer_id = s.customer_id
left join customers c on c.customer_id = s.customer_id
where b.first_day is null or s.seen_day < b.first_day
