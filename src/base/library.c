// SPDX-License-Identifier: Apache-2.0
/* base/library.c - see base/library.h */
#include "base/library.h"

#include <dlfcn.h>
#include <pthread.h>

/* Two that open the same library at once fill in the same table. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static enum fe_rc
fill_in(const struct fe_library *library, const struct fe_library_function *functions, struct fe_err *err)
{
	/* All of it is bound now, so that what it lacks is told here and does not end the process later; its names
	 * stay its own. */
	void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!handle)
		return fe_fail(err, FE_EUSAGE, "%s cannot be opened: %s; %s", library->what, dlerror(), library->remedy);
	for (; functions->name; functions++) {
		void *found = dlsym(handle, functions->name);

		if (!found)
			return fe_fail(err, FE_EUSAGE, "%s (%s) has no %s: %s", library->what, library->file,
			               functions->name, library->remedy);
		if (*functions->to != found) /* another thread may be reading it */
			*functions->to = found;
	}
	return FE_OK;
}

enum fe_rc
fe_library_open(const struct fe_library *library, const struct fe_library_function *functions, struct fe_err *err)
{
	FE_ASSERT(pthread_mutex_lock(&turn) == 0);
	enum fe_rc rc = fill_in(library, functions, err);
	FE_ASSERT(pthread_mutex_unlock(&turn) == 0);
	return rc;
}
