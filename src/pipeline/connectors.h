// SPDX-License-Identifier: Apache-2.0
/* pipeline/connectors.h - the one table that names all sources and sinks */
#ifndef FE_PIPELINE_CONNECTORS_H
#define FE_PIPELINE_CONNECTORS_H

#include "extract/source.h"
#include "load/sink.h"

extern const struct fe_source_ops *const fe_sources[]; /* end with NULL */
extern const struct fe_sink_ops *const fe_sinks[];

/* Whether its objects are files, wherever they are: bytes that can be copied unread. */
bool fe_source_reads_files(const struct fe_source_ops *source);

/* By the part of a warehouse's URL before ':', or an alias of it; NULL: there is none. */
const struct fe_sink_ops *fe_sink_of_url(struct fe_str url);
/* Whether it is a database: with a schema, runs on record, and questions to ask. url may
 * be NULL. */
bool fe_warehouse_is_database(const char *url);
/* Whether it is on a server: nothing of it lies in a folder of ours. */
bool fe_warehouse_is_server(const char *url);
/* Whether two of them name one warehouse, passwords and users aside: a database on a server by where it is, a file or folder by
 * what it is. */
bool fe_warehouse_is_same(const char *a, const char *b);

/* Takes "./" and "../" off the front of a relative path, the latter with a name off the
 * end of the folder, which is absolute and free of symbolic links: so that what people
 * are shown is "/a/b.db" and not "/a/pipelines/../b.db". */
void fe_path_climb(struct fe_str *folder, struct fe_str *path);

/* Checks a warehouse's URL and makes its path absolute, by `folder`; what a server is
 * asked by stays as it is, and libpq judges it. Heap text (fe_free) in *out; FE_EUSAGE
 * naming what there is. */
FE_MUST_USE enum fe_rc fe_warehouse_resolve(struct fe_str url, const char *folder, char **out,
                                            struct fe_err *err);
/* The same of a URL that the user gave with the command, by the current folder. */
FE_MUST_USE enum fe_rc fe_warehouse_resolve_given(const char *url, char **out, struct fe_err *err);

#endif
