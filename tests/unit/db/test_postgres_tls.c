// SPDX-License-Identifier: Apache-2.0
/* test_postgres_tls.c - who the server is must be proved, unless the user says otherwise
 *
 * On a server with TLS and a certificate for 'localhost' by an authority of the test's own
 * (tools/pg_cluster.py run --tls). That a host is remote is said by its name; where it is,
 * hostaddr says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../scratch.h"
#include "postgres.h"

static const char *port, *authority;

/* As the role that has a password; more: "&setting=value" */
static enum fe_rc
open_at(const char *host, const char *password, const char *more, struct fe_err *err)
{
	struct fe_pg_settings set = { .ignores_stop = true };
	struct fe_db *db;
	char url[1024];
	enum fe_rc rc;

	(void)snprintf(url, sizeof(url), "postgresql://tls_tester:%s@%s:%s/postgres?hostaddr=127.0.0.1%s",
	               password, host, port, more);
	set.url = url;
	rc = fe_pg_open(&db, &set, err);
	if (strstr(err->text, "s3cr"))
		fail_msg("a secret: %s", err->text);
	if (rc == FE_OK) {
		int64_t is_encrypted = -1;

		assert_int_equal(fe_db_query_i64(db, "SELECT CAST(ssl AS integer) FROM pg_stat_ssl "
		                                     "WHERE pid = pg_backend_pid()", &is_encrypted, NULL), FE_OK);
		assert_int_equal(is_encrypted, 1);
	}
	fe_db_close(db);
	return rc;
}

static void
assert_opens(const char *host, const char *more)
{
	struct fe_err err = FE_ERR_INIT;

	if (open_at(host, "s3cr-right", more, &err))
		fail_msg("%s %s: %s", host, more, err.text);
}

static void
assert_refused(const char *host, const char *more, enum fe_rc rc, const char *part)
{
	struct fe_err err = FE_ERR_INIT;

	if (open_at(host, "s3cr-right", more, &err) != rc)
		fail_msg("%s %s: %s: %s", host, more, fe_rc_name(err.rc), err.text);
	if (!strstr(err.text, part))
		fail_msg("%s %s: %s", host, more, err.text);
}

static const char *
with_authority(void)
{
	static char more[512];

	(void)snprintf(more, sizeof(more), "&sslrootcert=%s", authority);
	return more;
}

static void
a_remote_host_of_an_unknown_authority_is_refused(void **p)
{
	(void)p;
	assert_refused("db.example.com", "", FE_EDENIED, "certificate");
}

static void
a_remote_host_of_another_name_is_refused(void **p)
{
	(void)p;
	assert_refused("db.example.com", with_authority(), FE_EDENIED, "db.example.com");
}

static void
the_right_host_is_accepted(void **p)
{
	char more[600];

	(void)p;
	(void)snprintf(more, sizeof(more), "%s&sslmode=verify-full", with_authority());
	assert_opens("localhost", more);
}

static void
what_the_url_says_of_tls_is_kept(void **p)
{
	(void)p;
	assert_opens("db.example.com", "&sslmode=require");
	assert_refused("db.example.com", "&sslmode=disable", FE_EDENIED, "pg_hba.conf");
}

static void
an_empty_sslmode_says_nothing(void **p)
{
	(void)p;
	assert_refused("db.example.com", "&sslmode=", FE_EDENIED, "certificate");
}

static void
what_the_variable_says_of_tls_is_kept(void **p)
{
	(void)p;
	assert_int_equal(setenv("PGSSLMODE", "require", 1), 0);
	assert_opens("db.example.com", "");
	assert_int_equal(unsetenv("PGSSLMODE"), 0);
}

static void
the_variable_of_the_authority_is_kept(void **p)
{
	(void)p;
	assert_int_equal(setenv("PGSSLROOTCERT", authority, 1), 0);
	assert_opens("localhost", "&sslmode=verify-full");
	assert_int_equal(unsetenv("PGSSLROOTCERT"), 0);
}

static void
a_local_host_needs_no_proof(void **p)
{
	(void)p;
	assert_opens("localhost", "");
	assert_opens("127.0.0.1", "");
}

static void
a_root_certificate_that_is_not_there_is_told(void **p)
{
	(void)p;
	assert_refused("db.example.com", "&sslrootcert=/no/such.crt", FE_EDENIED, "/no/such.crt");
}

static void
a_wrong_password_is_told_without_it(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	assert_int_equal(open_at("localhost", "s3cr-wrong", "", &err), FE_EDENIED);
	assert_string_equal(err.foreign, "28P01");
	assert_non_null(strstr(err.text, "tls_tester"));
}

/* A service file with these lines; the database and the role are the URL's. */
static enum fe_rc
open_service(const char *lines, const char *password, struct fe_err *err)
{
	struct fe_pg_settings set = { .url = "postgresql://tls_tester@/postgres?service=house", .ignores_stop = true };
	struct scratch scratch;
	char content[1024];
	struct fe_db *db;
	enum fe_rc rc;

	scratch_open(&scratch);
	(void)snprintf(content, sizeof(content), "[house]\nhostaddr=127.0.0.1\nport=%s\n%s\n", port, lines);
	assert_int_equal(setenv("PGSERVICEFILE", scratch_write(&scratch, "services", fe_str_of(content)), 1), 0);
	(void)snprintf(content, sizeof(content), "*:*:*:tls_tester:%s\n", password);
	assert_int_equal(setenv("PGPASSFILE", scratch_write(&scratch, "passwords", fe_str_of(content)), 1), 0);
	assert_int_equal(chmod(getenv("PGPASSFILE"), 0600), 0);
	rc = fe_pg_open(&db, &set, err);
	if (strstr(err->text, "s3cr"))
		fail_msg("a secret: %s", err->text);
	fe_db_close(db);
	assert_int_equal(unsetenv("PGSERVICEFILE"), 0);
	assert_int_equal(unsetenv("PGPASSFILE"), 0);
	scratch_close(&scratch);
	return rc;
}

static void
service_and_password_files_are_heard(void **p)
{
	struct fe_err err = FE_ERR_INIT;

	(void)p;
	if (open_service("host=localhost", "s3cr-right", &err))
		fail_msg("%s", err.text);
	if (open_service("host=db.example.com\nsslmode=require", "s3cr-right", &err))
		fail_msg("%s", err.text);
	assert_int_equal(open_service("host=db.example.com", "s3cr-right", &err), FE_EDENIED);
	assert_non_null(strstr(err.text, "certificate"));
	assert_int_equal(open_service("host=localhost", "s3cr-wrong", &err), FE_EDENIED);
	assert_int_equal(open_service("host=localhost\ns3cr=1", "s3cr-wrong", &err), FE_EUSAGE);
}

static void
a_missing_password_is_told(void **p)
{
	const struct fe_pg_settings set = { .url = "postgresql://tls_tester@/postgres", .ignores_stop = true };
	struct fe_err err = FE_ERR_INIT;
	struct fe_db *db;

	(void)p;
	assert_int_equal(setenv("PGHOST", "localhost", 1) | setenv("PGPORT", port, 1), 0);
	assert_int_equal(setenv("PGPASSFILE", "/dev/null/none", 1), 0);
	assert_int_equal(fe_pg_open(&db, &set, &err), FE_EDENIED);
	assert_non_null(strstr(err.text, "PGPASSWORD"));
	assert_int_equal(unsetenv("PGHOST") | unsetenv("PGPORT") | unsetenv("PGPASSFILE"), 0);
}

static int
make_role(void **p)
{
	(void)p;
	(void)pg_place_fresh();
	pg_place_exec("CREATE ROLE tls_tester LOGIN PASSWORD 's3cr-right'");
	return 0;
}

static int
drop_role(void **p)
{
	(void)p;
	pg_place_exec("DROP ROLE tls_tester");
	pg_place_remove();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_remote_host_of_an_unknown_authority_is_refused),
		cmocka_unit_test(a_remote_host_of_another_name_is_refused),
		cmocka_unit_test(the_right_host_is_accepted),
		cmocka_unit_test(what_the_url_says_of_tls_is_kept),
		cmocka_unit_test(an_empty_sslmode_says_nothing),
		cmocka_unit_test(what_the_variable_says_of_tls_is_kept),
		cmocka_unit_test(the_variable_of_the_authority_is_kept),
		cmocka_unit_test(a_local_host_needs_no_proof),
		cmocka_unit_test(a_root_certificate_that_is_not_there_is_told),
		cmocka_unit_test(a_wrong_password_is_told_without_it),
		cmocka_unit_test(service_and_password_files_are_heard),
		cmocka_unit_test(a_missing_password_is_told),
	};
	const char *address = getenv("FINETL_TEST_POSTGRES_TLS");

	authority = getenv("FINETL_TEST_POSTGRES_CA");
	port = address ? strrchr(address, ':') : NULL;
	if (!pg_place_is_there() || !port || !authority)
		return pg_place_absent();
	port++;
	return cmocka_run_group_tests(tests, make_role, drop_role);
}
