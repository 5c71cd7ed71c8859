// SPDX-License-Identifier: Apache-2.0
/* io/aws_profiles.h - the files ~/.aws/config and ~/.aws/credentials
 *
 * Sections of "name = value" lines; a name without a value, followed by indented lines, has
 * settings of its own ("s3 =", then "  addressing_style = path"): they are known as
 * "s3.addressing_style". Whole lines that begin with # or ; are comments.
 */
#ifndef FE_IO_AWS_PROFILES_H
#define FE_IO_AWS_PROFILES_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

#define FE_AWS_FILE_MAX_BYTES ((size_t)1 << 20)

enum fe_aws_file { FE_AWS_CONFIG, FE_AWS_CREDENTIALS };

struct fe_aws_setting {
	enum fe_aws_file file;
	struct fe_str section; /* as written: "profile dev", "services local" */
	const char *name, *value;
};

struct fe_aws_profiles {
	struct fe_aws_setting *settings;
	size_t n_settings, cap_settings;
	struct fe_arena arena;
};

/* Adds the settings of a file's text. FE_EUSAGE with its line where it is no such file. */
FE_MUST_USE enum fe_rc fe_aws_profiles_add(struct fe_aws_profiles *p, enum fe_aws_file file, struct fe_str text,
                                           struct fe_err *err);
void fe_aws_profiles_reset(struct fe_aws_profiles *p);

/* Of a profile, in the credentials file first; NULL: none. file may be NULL. */
const char *fe_aws_profiles_get(const struct fe_aws_profiles *p, const char *profile, const char *name,
                                enum fe_aws_file *file);
/* Of a section such as "services local", in the config file. */
const char *fe_aws_profiles_section(const struct fe_aws_profiles *p, const char *kind, const char *section,
                                    const char *name);
bool fe_aws_profiles_has(const struct fe_aws_profiles *p, const char *profile);

#endif
