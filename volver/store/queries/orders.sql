-- Every document of the ledger as of a day: what was sold, what came back, whether it counts as an order.
-- inputs: order_lines, order_days, products
-- params: as_of DATE, margin_rate DOUBLE
-- output: order_id BIGINT, order_ref VARCHAR, customer_id BIGINT, ts_us BIGINT, day DATE, doc VARCHAR,
--    is_order INTEGER, undone_day DATE, lines INTEGER, units_e4 BIGINT, gross_e4 BIGINT, discount_e4 BIGINT,
--    returned_e4 BIGINT, net_e4 BIGINT, cost_e4 BIGINT, unmatched INTEGER, from_day DATE, until_day DATE
-- example: as_of=2017-11-01, margin_rate=0.4
-- example: as_of=2017-03-05, margin_rate=0.333
-- Whose a document is and whether it counts is what `order_days` says. A return is matched to the most recent earlier
-- sale of the same customer and product and moves its money there; one that finds no sale stands alone. A line of a
-- document that sells the same product belongs to that document. A return of something that the document did not
-- sell undoes nothing.
with renewed as (
  select coalesce(customer_id, -1 - order_id) as party_id, max(batch) as batch
  from order_days where whole = 1
  group by coalesce(customer_id, -1 - order_id)
),
counted as (
  select d.order_id, max(d.customer_id) as customer_id,
         max(case when d.until_day is null or d.until_day > $as_of then d.counts else 0 end) as counts
  from order_days d
  left join renewed r on r.party_id = coalesce(d.customer_id, -1 - d.order_id)
  where d.from_day <= $as_of and (r.batch is null or d.batch >= r.batch)
  group by d.order_id
),
known as (
  select l.line_id, l.order_id, l.order_ref, d.customer_id, l.product_id, l.ts_us, l.day, l.doc, l.kind, l.quantity_e4,
         l.amount_e4, l.discount_e4,
         coalesce(l.cost_e4, cast(floor(p.cost_e4 * (cast(l.quantity_e4 as double) / 10000) + 0.5) as bigint),
                  cast(floor(l.amount_e4 * (1.0 - $margin_rate) + 0.5) as bigint)) as cost_e4
  from order_lines l
  join counted d on d.order_id = l.order_id
  left join products p on p.product_id = l.product_id
  where l.day <= $as_of and l.kind not in ('adjustment', 'write_off')
),
back as (
  select line_id, order_id, customer_id, product_id, ts_us
  from known where kind in ('return', 'cancel') and customer_id is not null and product_id is not null
),
pairs as (
  select distinct customer_id, product_id from back
),
sold as (
  select k.order_id, k.customer_id, k.product_id, min(k.ts_us) as ts_us
  from known k join pairs p on p.customer_id = k.customer_id and p.product_id = k.product_id
  where k.kind in ('sale', 'shipping_or_fee')
  group by k.order_id, k.customer_id, k.product_id
),
moves as (
  select customer_id, product_id, ts_us, order_id, cast(null as bigint) as line_id, 0 as is_back from sold
  union all
  select customer_id, product_id, ts_us, order_id, line_id, 1 as is_back from back
),
placed as (
  select customer_id, product_id, order_id, line_id, is_back,
         max(case when is_back = 0 then ts_us end) over (
           partition by customer_id, product_id order by ts_us, is_back, order_id, line_id
           rows between unbounded preceding and current row) as sold_us
  from moves
),
links as (
  select m.line_id,
         coalesce(max(case when s.order_id = m.order_id then s.order_id end),
                  max(case when s.ts_us = m.sold_us then s.order_id end)) as home_id
  from placed m join sold s on s.customer_id = m.customer_id and s.product_id = m.product_id
       and (s.ts_us = m.sold_us or s.order_id = m.order_id)
  where m.is_back = 1
  group by m.line_id
),
heads as (
  select order_id, min(order_ref) as order_ref, max(customer_id) as customer_id,
         coalesce(min(case when kind = 'sale' then ts_us end), min(ts_us)) as ts_us,
         coalesce(min(case when kind = 'sale' then day end), min(day)) as day,
         coalesce(min(case when kind = 'sale' then 'sale' end), min(doc)) as doc,
         max(case when kind = 'sale' then 1 else 0 end) as sells, min(day) as from_day, max(day) as until_day,
         cast(count(*) as integer) as lines
  from known group by order_id
),
money as (
  select coalesce(k.home_id, k.order_id) as order_id,
         cast(sum(case when kind = 'sale' then quantity_e4 else 0 end) as bigint) as units_e4,
         cast(sum(case when kind in ('sale', 'shipping_or_fee') then amount_e4 else 0 end) as bigint) as gross_e4,
         cast(sum(case when kind = 'sale' then amount_e4 else 0 end) as bigint) as sale_e4,
         cast(sum(case when kind in ('return', 'cancel') then amount_e4 else 0 end) as bigint) as returned_e4,
         cast(sum(discount_e4) as bigint) as discount_e4,
         cast(sum(cost_e4) as bigint) as cost_e4,
         cast(sum(case when undoes = 1 then amount_e4 else 0 end) as bigint) as back_e4,
         cast(sum(case when undoes = 1 then quantity_e4 else 0 end) as bigint) as back_units_e4,
         max(case when undoes = 1 then k.day end) as returned_day,
         cast(sum(case when kind in ('return', 'cancel') and k.home_id is null then 1 else 0 end) as integer) as unmatched
  from (select n.order_id, n.day, n.kind, n.quantity_e4, n.amount_e4, n.discount_e4, n.cost_e4, i.home_id,
               case when n.kind not in ('return', 'cancel') then 0
                    when i.home_id is not null or n.customer_id is null then 1 else 0 end as undoes
        from known n left join links i on i.line_id = n.line_id) k
  group by coalesce(k.home_id, k.order_id)
)
select h.order_id, h.order_ref, h.customer_id, h.ts_us, h.day, h.doc,
       d.counts as is_order,
       case when h.sells = 0 then null
            when m.back_e4 < 0 and m.sale_e4 + m.back_e4 <= 0 then m.returned_day
            when m.back_units_e4 < 0 and m.units_e4 + m.back_units_e4 <= 0 then m.returned_day end as undone_day,
       h.lines, coalesce(m.units_e4, 0) as units_e4, coalesce(m.gross_e4, 0) as gross_e4,
       coalesce(m.discount_e4, 0) as discount_e4, coalesce(m.returned_e4, 0) as returned_e4,
       coalesce(m.gross_e4 + m.returned_e4, 0) as net_e4, coalesce(m.cost_e4, 0) as cost_e4,
       coalesce(m.unmatched, 0) as unmatched, h.from_day, h.until_day
from heads h
join counted d on d.order_id = h.order_id
left join money m on m.order_id = h.order_id
