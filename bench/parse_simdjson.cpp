// SPDX-License-Identifier: Apache-2.0
/* bench/parse_simdjson.cpp - reads eight fields of each line of NDJSON, with simdjson's On-Demand
 *
 *   parse_simdjson FILE ROUNDS
 *
 * The peer of parse_json.c: the same output. Texts are unescaped where they are found, the
 * amount is the number's text (or a text, where it is none). Keys are looked up in the order of the file, which is what
 * On-Demand is best at.
 */
#include <cstdio>
#include <cstdlib>
#include <ctime>

#include <simdjson.h>

using namespace simdjson;

static double
now()
{
	timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}

static void
read_all(ondemand::parser &parser, const padded_string &file, uint64_t &n_records, uint64_t &n_bytes)
{
	ondemand::document_stream stream = parser.iterate_many(file, 1 << 20);
	for (auto document : stream) {
		ondemand::object object = document.get_object();
		n_bytes += std::string_view(object.find_field("transaction_id").get_string()).size();
		n_bytes += std::string_view(object.find_field("customer_id").get_string()).size();
		n_bytes += std::string_view(object.find_field("transaction_date").get_string()).size();
		std::string_view amount = object.find_field("amount").raw_json_token();
		n_bytes += amount == "null" ? 0 : amount[0] == '"' ? amount.size() - 2 : amount.size();
		for (const char *key : { "merchant_id", "category", "status", "payment_method" }) {
			ondemand::value value = object.find_field(key);
			std::string_view text;
			if (!value.get_string().get(text))
				n_bytes += text.size();
		}
		n_records++;
	}
}

int
main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	padded_string file = padded_string::load(argv[1]);
	ondemand::parser parser;
	double best = 1e9;
	uint64_t n_records = 0, n_bytes = 0;
	for (int rounds = atoi(argv[2]); rounds > 0; rounds--) {
		double begun = now();
		n_records = n_bytes = 0;
		read_all(parser, file, n_records, n_bytes);
		double took = now() - begun;
		best = took < best ? took : best;
	}
	printf("%llu %llu %.6f\n", (unsigned long long)n_records, (unsigned long long)n_bytes, best);
	return 0;
}
