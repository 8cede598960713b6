-- Every product with its name, category, list price and cost.
-- inputs: products
-- output: product_id BIGINT, name VARCHAR, category VARCHAR, price_e4 BIGINT, cost_e4 BIGINT
select product_id, name, category, price_e4, cost_e4
from products
