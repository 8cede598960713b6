-- The customer who ordered with this reference or e-mail; the reference goes first, then the smallest id.
-- inputs: customers, facts
-- params: named VARCHAR
-- output: customer_id BIGINT
-- example: named=c7
-- example: named=PERSON8@example.org
with found as (
  select c.customer_id,
         row_number() over (order by case when c.customer_ref = $named then 0 else 1 end, c.customer_id
                            rows between unbounded preceding and current row) as nth
  from customers c join facts f on f.customer_id = c.customer_id
  where c.customer_ref = $named or lower(c.email) = lower($named)
)
select customer_id from found where nth = 1
