-- The quarters of an hour in which customers ordered, looked around or clicked, on the days asked for.
-- inputs: orders, events
-- params: from_day DATE, as_of DATE, parts BIGINT, part BIGINT
-- output: customer_id BIGINT, quarter BIGINT, sharp INTEGER
-- example: from_day=2017-01-01, as_of=2017-10-01, parts=1, part=0
-- example: from_day=2017-01-01, as_of=2017-10-01, parts=2, part=1
-- `quarter` counts quarters of an hour since 1970-01-01 UTC. `sharp` is 1 where every time in it lay on its first
-- microsecond: such times are often dates without a time. What the shop sent, and messages opened, tell of the shop.
with times as (
  select customer_id, ts_us from orders
  where is_order = 1 and customer_id is not null and day between $from_day and $as_of
  union all
  select customer_id, ts_us from events
  where customer_id is not null and day between $from_day and $as_of
        and kind not in ('message_sent', 'message_opened')
),
told as (
  select customer_id, cast(floor(ts_us / 900000000) as bigint) as quarter,
         case when ts_us % 900000000 = 0 then 1 else 0 end as sharp
  from times
  where abs(customer_id) % nullif($parts, 0) = $part
)
select customer_id, quarter, cast(min(sharp) as integer) as sharp
from told
group by customer_id, quarter
