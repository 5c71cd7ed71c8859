// SPDX-License-Identifier: Apache-2.0
#include <netdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/library.h"

/* Functions of libc, as if that were a library which is opened late. */
#define CALLS(CALL) CALL(const char *, gai_strerror, (int code), (code))
#define FREES(FREE) FREE(freeaddrinfo, struct addrinfo)
FE_LATE(CALLS, FREES)

static const struct fe_library libc = { .file = "libc.so.6", .what = "the library of C", .remedy = "install one" };
static const struct fe_library_function functions[] = FE_LATE_FUNCTIONS(CALLS, FREES);

static void
nothing_to_free_needs_no_library(void **state)
{
	(void)state;
	freeaddrinfo(NULL);
	assert_null(late.freeaddrinfo);
}

static void
a_call_before_it_is_open_ends_the_process_as_a_bug(void **state)
{
	(void)state;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		(void)close(STDERR_FILENO); /* what is said is expected */
		(void)gai_strerror(EAI_NONAME);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), fe_rc_exit_status(FE_EBUG));
}

static void
its_functions_are_called_by_their_names_once_it_is_open(void **state)
{
	(void)state;
	struct fe_err err;

	assert_int_equal(fe_library_open(&libc, functions, &err), FE_OK);
	assert_string_equal(gai_strerror(EAI_NONAME), late.gai_strerror(EAI_NONAME));
	assert_non_null(strstr(gai_strerror(EAI_NONAME), "not known"));
	freeaddrinfo(NULL);
	assert_int_equal(fe_library_open(&libc, functions, &err), FE_OK);
}

static void
one_that_is_missing_is_told_with_what_to_install(void **state)
{
	(void)state;
	static const struct fe_library missing = {
		.file = "libnowhere.so.1", .what = "the library of nowhere", .remedy = "install it (Debian: libnowhere1)" };
	struct fe_err err;

	assert_int_equal(fe_library_open(&missing, functions, &err), FE_EUSAGE);
	assert_non_null(strstr(err.text, "the library of nowhere cannot be opened: libnowhere.so.1: "));
	assert_non_null(strstr(err.text, "; install it (Debian: libnowhere1)"));
}

static void
one_that_lacks_a_function_is_told_with_its_name(void **state)
{
	(void)state;
	void *none = NULL;
	const struct fe_library_function more[] = { { "no_such_function", &none }, { 0 } };
	struct fe_err err;

	assert_int_equal(fe_library_open(&libc, more, &err), FE_EUSAGE);
	assert_string_equal(err.text, "the library of C (libc.so.6) has no no_such_function: install one");
	assert_null(none);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { /* in this order: it is never closed */
		cmocka_unit_test(nothing_to_free_needs_no_library),
		cmocka_unit_test(a_call_before_it_is_open_ends_the_process_as_a_bug),
		cmocka_unit_test(its_functions_are_called_by_their_names_once_it_is_open),
		cmocka_unit_test(one_that_is_missing_is_told_with_what_to_install),
		cmocka_unit_test(one_that_lacks_a_function_is_told_with_its_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
