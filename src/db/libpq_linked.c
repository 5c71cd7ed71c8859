// SPDX-License-Identifier: Apache-2.0
/* db/libpq_linked.c - libpq where it is linked in: nothing is to be opened */
#include "db/libpq.h"

enum fe_rc
fe_libpq_open(struct fe_err *err)
{
	(void)err;
	return FE_OK;
}
