// SPDX-License-Identifier: Apache-2.0
/* base/library.h - a shared library that is opened when it is first asked for
 *
 * For libraries that bring many others with them and that most runs do not need: to map and bind those would be
 * most of a short run. Such a library has one file, which lists what is called of it and opens it (io/curl_late.c,
 * db/libpq_late.c); callers are written as for a library that is linked.
 *
 *   Threads    Any. What is filled in already is not written again.
 *   Ownership  A library stays open: threads, handlers and memory of it may be anywhere.
 */
#ifndef FE_BASE_LIBRARY_H
#define FE_BASE_LIBRARY_H

#include "base/err.h"

struct fe_library {
	const char *file;   /* with the number of its interface: "libpq.so.5" */
	const char *what;   /* "PostgreSQL's client library" */
	const char *remedy; /* "install libpq 15 or later (Debian: libpq5)" */
};

struct fe_library_function {
	const char *name; /* NULL: the end */
	void **to;
};

/* Fills in the functions. FE_EUSAGE where the library is not installed or lacks one of them. */
FE_MUST_USE enum fe_rc fe_library_open(const struct fe_library *library, const struct fe_library_function *functions,
                                       struct fe_err *err);

/* FE_LATE(CALLS, FREES) defines, at file scope, the functions of a library under their own names, each of which passes on to
 * the library's; FE_LATE_FUNCTIONS(CALLS, FREES) lists them for fe_library_open. A function that is called and not listed does
 * not link. The lists are macros:
 *
 *   #define CALLS(CALL) CALL(int, PQnfields, (const PGresult *r), (r)) ...   type, name, parameters, arguments
 *   #define FREES(FREE) FREE(PQclear, PGresult) ...                          name, what it takes, which may be NULL
 *
 * The table has the types of the library's header, so that the compiler checks each passing on against it. The functions
 * have the library's names for the linker only, so that a later header may add a const. What is called of a library that
 * was not opened ends the process; what frees does nothing, as there is nothing then that could be freed. */
#define FE_LATE(CALLS, FREES)                                                                                     \
	static struct { CALLS(FE_LATE_CALL_FIELD_) FREES(FE_LATE_FREE_FIELD_) } late;                             \
	CALLS(FE_LATE_CALL_)                                                                                      \
	FREES(FE_LATE_FREE_)
#define FE_LATE_FUNCTIONS(CALLS, FREES) { CALLS(FE_LATE_CALL_ENTRY_) FREES(FE_LATE_FREE_ENTRY_) { 0 } }

/* What no list of needed libraries tells, for those who make packages and images: an ELF note as systemd's programs
 * have them (uapi-group.org, "ELF dlopen metadata"); tools/image_root.sh reads it. At file scope.
 * priority: "recommended", "suggested". */
#define FE_LIBRARY_NOTE(priority, feature, description, file)                                                     \
	FE_LIBRARY_NOTE_("[{\"feature\":\"" feature "\",\"description\":\"" description "\",\"priority\":\"" priority  \
	                 "\",\"soname\":[\"" file "\"]}]")

/* ---- how ---- */

#define FE_LATE_CALL_FIELD_(type, name, parameters, arguments) __typeof__(name) *name;
#define FE_LATE_FREE_FIELD_(name, type) __typeof__(name) *name;
#define FE_LATE_CALL_ENTRY_(type, name, parameters, arguments) { #name, (void **)&late.name },
#define FE_LATE_FREE_ENTRY_(name, type) { #name, (void **)&late.name },
#define FE_LATE_CALL_(type, name, parameters, arguments)                                                          \
	type fe_late_##name parameters __asm__(#name);                                                            \
	type fe_late_##name parameters { FE_ASSERT(late.name); return (late.name) arguments; }
#define FE_LATE_FREE_(name, type)                                                                                 \
	void fe_late_##name(type *it) __asm__(#name);                                                             \
	void fe_late_##name(type *it) { if (late.name) (late.name)(it); }

#define FE_LIBRARY_NOTE_TYPE 0x407c0c0a
#define FE_LIBRARY_NOTE_(json)                                                                                    \
	__attribute__((used, section(".note.dlopen"), aligned(4))) static const struct {                          \
		uint32_t n_owner_bytes, n_json_bytes, type;                                                       \
		char owner[4], json_text[sizeof(json)];                                                           \
	} note = { 4, sizeof(json), FE_LIBRARY_NOTE_TYPE, "FDO", json }

#endif
