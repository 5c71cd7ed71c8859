// SPDX-License-Identifier: Apache-2.0
/* io/aws_profiles.c - see io/aws_profiles.h */
#include "io/aws_profiles.h"

#include "base/text.h"

#define MAX_SETTINGS 100000

struct file_reader {
	struct fe_aws_profiles *to;
	enum fe_aws_file file;
	struct fe_str section; /* p NULL: before the first */
	struct fe_str parent;  /* of indented lines; p NULL: none */
};

static struct fe_str
next_line(struct fe_str *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	size_t n = end ? (size_t)(end - rest->p) : rest->n;
	struct fe_str line = { rest->p, n };
	rest->p += end ? n + 1 : n;
	rest->n -= end ? n + 1 : n;
	return line;
}

/* "[profile dev]": its inside, with blanks between words made one. */
static bool
read_section(struct file_reader *r, struct fe_str line)
{
	const char *close = memchr(line.p, ']', line.n);
	char *copy;
	size_t n = 0;
	if (!close)
		return false;
	struct fe_str in = fe_text_trim((struct fe_str){ line.p + 1, (size_t)(close - line.p) - 1 });
	copy = fe_arena_copy(&r->to->arena, in.n ? in.p : "", in.n);
	for (size_t i = 0; i < in.n; i++) {
		char c = fe_is_blank((unsigned char)in.p[i]) ? ' ' : in.p[i];
		if (c != ' ' || copy[n - 1] != ' ')
			copy[n++] = c;
	}
	r->section = (struct fe_str){ copy, n };
	r->parent = (struct fe_str){ 0 };
	return in.n > 0;
}

static bool
read_setting(struct file_reader *r, struct fe_str line, bool is_indented)
{
	const char *equals = memchr(line.p, '=', line.n);
	struct fe_aws_profiles *to = r->to;
	if (!r->section.p || !equals || (is_indented && !r->parent.p) || to->n_settings == MAX_SETTINGS)
		return false;
	struct fe_str name = fe_text_trim((struct fe_str){ line.p, (size_t)(equals - line.p) });
	struct fe_str value =
		fe_text_trim((struct fe_str){ equals + 1, line.n - (size_t)(equals - line.p) - 1 });
	struct fe_str under = is_indented ? r->parent : (struct fe_str){ 0 };
	char *full = fe_arena_alloc(&to->arena, under.n + 1 + name.n + 1);
	if (name.n == 0)
		return false;
	if (under.n) {
		memcpy(full, under.p, under.n);
		full[under.n++] = '.';
	}
	memcpy(full + under.n, name.p, name.n);
	full[under.n + name.n] = '\0';
	if (!is_indented)
		r->parent = value.n ? (struct fe_str){ 0 } : name;
	to->settings = fe_grow(to->settings, &to->cap_settings, to->n_settings + 1, sizeof *to->settings);
	to->settings[to->n_settings++] = (struct fe_aws_setting){
		.file = r->file, .section = r->section, .name = full,
		.value = fe_arena_copy(&to->arena, value.n ? value.p : "", value.n),
	};
	return true;
}

enum fe_rc
fe_aws_profiles_add(struct fe_aws_profiles *p, enum fe_aws_file file, struct fe_str text, struct fe_err *err)
{
	struct file_reader r = { .to = p, .file = file };
	uint64_t n_lines = 0;

	while (text.n) {
		struct fe_str raw = next_line(&text), line = fe_text_trim(raw);
		bool is_good = true;
		n_lines++;
		if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
			continue;
		if (line.p[0] == '[')
			is_good = read_section(&r, line);
		else
			is_good = read_setting(&r, line, raw.p != line.p);
		if (is_good)
			continue;
		(void)fe_fail(err, FE_EUSAGE, "this line is neither '[profile name]' nor 'name = value'");
		fe_err_at_line(err, NULL, n_lines, 0);
		return FE_EUSAGE;
	}
	return FE_OK;
}

void
fe_aws_profiles_reset(struct fe_aws_profiles *p)
{
	fe_free(p->settings);
	fe_arena_free(&p->arena);
	*p = (struct fe_aws_profiles){ 0 };
}

/* "profile dev", and for the default one and in the credentials file the name alone. */
static bool
is_of_profile(const struct fe_aws_setting *s, const char *profile)
{
	if (s->file == FE_AWS_CREDENTIALS || strcmp(profile, "default") == 0)
		if (fe_str_is(s->section, profile))
			return true;
	return s->file == FE_AWS_CONFIG && s->section.n > 8 && memcmp(s->section.p, "profile ", 8) == 0 &&
	       fe_str_is((struct fe_str){ s->section.p + 8, s->section.n - 8 }, profile);
}

const char *
fe_aws_profiles_get(const struct fe_aws_profiles *p, const char *profile, const char *name,
		    enum fe_aws_file *file)
{
	const struct fe_aws_setting *found = NULL;
	for (size_t i = 0; i < p->n_settings; i++) {
		const struct fe_aws_setting *s = &p->settings[i];
		if (strcmp(s->name, name) != 0 || !is_of_profile(s, profile))
			continue;
		if (!found || s->file >= found->file) /* the last of a file; that of secrets first */
			found = s;
	}
	if (found && file)
		*file = found->file;
	return found && found->value[0] ? found->value : NULL;
}

const char *
fe_aws_profiles_section(const struct fe_aws_profiles *p, const char *kind, const char *section,
			const char *name)
{
	size_t n = strlen(kind);
	for (size_t i = 0; i < p->n_settings; i++) {
		const struct fe_aws_setting *s = &p->settings[i];
		if (s->file == FE_AWS_CONFIG && s->section.n > n + 1 && memcmp(s->section.p, kind, n) == 0 &&
		    s->section.p[n] == ' ' &&
		    fe_str_is((struct fe_str){ s->section.p + n + 1, s->section.n - n - 1 }, section) &&
		    strcmp(s->name, name) == 0 && s->value[0])
			return s->value;
	}
	return NULL;
}

bool
fe_aws_profiles_has(const struct fe_aws_profiles *p, const char *profile)
{
	for (size_t i = 0; i < p->n_settings; i++)
		if (is_of_profile(&p->settings[i], profile))
			return true;
	return false;
}
