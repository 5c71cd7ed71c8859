-- The work of pipelines/financial_transactions.yaml, as DuckDB does it best.
--
-- Placeholders in {braces} are filled in by duckdb_pipeline.py. What was tried and
-- measured is in README.md; in short:
--   * the CSV schema is given, all text: no sniffing; records with a cell too few or
--     too many are left out, as finetl rejects them;
--   * casts are checked by printing the value again, which is quick, and only what
--     does not come back the same goes to a regular expression: DuckDB's own casts
--     take 12.345 (rounding it), 1e3, '+5' and 24:00:00, the rules do not;
--   * only keys that occur more than once go through window functions; a single one,
--     of 98 % of the records, needs neither a sort nor a partition.
-- Nothing is kept of rejects, and nothing is hashed or synced: finetl does that in
-- its own time.

create temp table dim_customers as
with clean as (
	select row_number() over () as record,
		upper(nullif({trim:customer_id}, '')) as customer_id,
		nullif({trim:customer_name}, '') as customer_name,
		registration_date as registration_text,
		{timestamp:registration_date} as registration_date,
		lower(nullif({trim:customer_tier}, '')) as customer_tier,
		lower(nullif({trim:email}, '')) as email,
		nullif(is_active, '') as active_text,
		case when lower(is_active) in ('true', 't', 'yes', 'y', '1') then true
		     when lower(is_active) in ('false', 'f', 'no', 'n', '0') then false end as is_active
	from read_csv('{folder}/customers.csv', auto_detect = false, header = true, delim = ',', quote = '"',
		escape = '"', new_line = '\n', ignore_errors = true, columns = {
			customer_id: 'VARCHAR', customer_name: 'VARCHAR', registration_date: 'VARCHAR',
			customer_tier: 'VARCHAR', email: 'VARCHAR', is_active: 'VARCHAR' })
),
kept as (
	select record, customer_id, customer_name, registration_date, customer_tier, email, is_active
	from clean
	where customer_id is not null and length(customer_id) <= 20
		and (registration_text is null or registration_date is not null)
		and (active_text is null or is_active is not null)
		and (customer_name is null or length(customer_name) <= 100)
		and (customer_tier is null or length(customer_tier) <= 20)
		and (email is null or length(email) <= 100)
),
repeated as (
	select customer_id from kept group by customer_id having count(*) > 1
),
changes as ( -- every column is mutable: the last record that differs from the one before stands
	select kept.* from kept where customer_id in (select customer_id from repeated)
	window w as (partition by customer_id order by record)
	qualify (customer_name, registration_date, customer_tier, email, is_active)
		is distinct from lag((customer_name, registration_date, customer_tier, email, is_active)) over w
)
select * from kept where customer_id not in (select customer_id from repeated)
union all
select * from (select * from changes qualify row_number() over (partition by customer_id order by record desc) = 1);

create temp table kept as
with clean as materialized ( -- or the filter below would do the cleaning a second time
	select row_number() over () as record,
		upper({trim:transaction_id}) as transaction_id,
		upper({trim:customer_id}) as customer_id,
		{timestamp:transaction_date} as transaction_date,
		{decimal:amount} as amount,
		coalesce(upper(nullif({trim:merchant_id}, '')), 'MERCH0000') as merchant_id,
		coalesce(lower(nullif({trim:category}, '')), 'unknown') as category,
		lower({trim:status}) as status,
		lower(nullif({trim:payment_method}, '')) as payment_method
	from read_csv('{folder}/transactions.csv', auto_detect = false, header = true, delim = ',', quote = '"',
		escape = '"', new_line = '\n', ignore_errors = true, columns = {
			transaction_id: 'VARCHAR', customer_id: 'VARCHAR', transaction_date: 'VARCHAR', amount: 'VARCHAR',
			merchant_id: 'VARCHAR', category: 'VARCHAR', status: 'VARCHAR', payment_method: 'VARCHAR' })
)
select * from clean
where transaction_id <> '' and length(transaction_id) <= 20
	and length(merchant_id) <= 20 and length(category) <= 50
	and (payment_method is null or length(payment_method) <= 50)
	and amount > 0 and amount <= 1000000
	and status in ('completed', 'pending', 'failed')
	and transaction_date <= timestamp '{run_time}'
	and transaction_date >= timestamp '{run_time}' - interval 730 days
	and customer_id in (select customer_id from dim_customers);

create temp table repeated as
select transaction_id from kept group by transaction_id having count(*) > 1;

-- Of a repeated key: records whose fixed columns differ from the first's are conflicts;
-- of the rest, each that differs from the one before takes its place.
create temp table resolved as
with judged as (
	select kept.*,
		first_value(customer_id) over w as first_customer,
		first_value(transaction_date) over w as first_date,
		first_value(amount) over w as first_amount
	from kept where transaction_id in (select transaction_id from repeated)
	window w as (partition by transaction_id order by record)
),
standing as (
	select * exclude (first_customer, first_date, first_amount),
		(merchant_id, category, status, payment_method)
			is distinct from lag((merchant_id, category, status, payment_method)) over w as changes
	from judged
	where customer_id = first_customer and transaction_date = first_date and amount = first_amount
	window w as (partition by transaction_id order by record)
)
select * exclude (changes) from standing where changes
qualify row_number() over (partition by transaction_id order by record desc) = 1;

copy (
	select customer_id, customer_name, {print:registration_date} as registration_date, customer_tier, email,
		is_active
	from dim_customers order by record
) to '{out}/dim_customers.csv' (format csv, header true);

copy (
	with accepted as (
		select * from kept where transaction_id not in (select transaction_id from repeated)
		union all
		select * from resolved
	),
	scored as (
		select *, year(transaction_date) as y, month(transaction_date) as m, day(transaction_date) as d,
			isodow(transaction_date) - 1 as dow, hour(transaction_date) as h
		from accepted
	),
	risk as (
		select *, least(100, case when amount > 5000 then 30 else 0 end + case when amount > 10000 then 40 else 0 end
			+ case when status = 'failed' then 50 else 0 end + case when dow >= 5 then 10 else 0 end
			+ case when h < 6 then 20 else 0 end) as risk
		from scored
	)
	select transaction_id, customer_id, {print:transaction_date} as transaction_date, amount, merchant_id, category,
		status, payment_method, y as transaction_year, m as transaction_month, d as transaction_day,
		dow as transaction_dayofweek, h as transaction_hour,
		case when amount <= 50 then 'small' when amount <= 200 then 'medium' when amount <= 500 then 'large'
		     when amount <= 1000 then 'very_large' else 'exceptional' end as amount_category,
		risk::decimal(5, 2) as risk_score,
		case when risk <= 20 then 'low' when risk <= 50 then 'medium' when risk <= 80 then 'high'
		     else 'critical' end as risk_level
	from risk {order}
) to '{out}/fact_transactions.csv' (format csv, header true);
