// SPDX-License-Identifier: Apache-2.0
/* load/catalog_private.h - what the catalog's files share */
#ifndef FE_LOAD_CATALOG_PRIVATE_H
#define FE_LOAD_CATALOG_PRIVATE_H

#include "load/catalog.h"

struct fe_catalog {
	struct fe_db *db;
};

#endif
