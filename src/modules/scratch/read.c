/* The section `scratch`. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/schema.h"
#include "modules/scratch/scratch.h"

/* Every job writes there, and they are on every node. */
static const struct {
	const char *path;
	unsigned bit;
} places[] = {{"/tmp", SCRATCH_TMP}, {"/var/tmp", SCRATCH_VAR_TMP}, {"/dev/shm", SCRATCH_SHM}};

const char *scratch_private(const struct scratch *s, const char *between, struct arena *arena)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (s->private & places[i].bit)
			strbuf_addf(&out, "%s%s", out.len ? between : "", places[i].path);
	return arena_strndup(arena, strbuf_str(&out), out.len);
}

static void read_path(struct inv_reader *r, const struct conf_value *value, struct scratch *s)
{
	if (!value || conf_path(value, "'path' of 'scratch'", &s->path, r->diags) < 0)
		return;
	s->path_at = value->at;
	const char *why = inventory_mount_fault(s->path);
	if (why)
		diag_error(r->diags, SCRATCH_PATH_CODE, value->at, NULL, "'path' of 'scratch': %s %s", s->path, why);
}

static void read_how(struct inv_reader *r, const struct conf_value *value, struct scratch *s)
{
	const char *text;
	if (!value || conf_text(value, "'how' of 'scratch'", &text, r->diags) < 0)
		return;
	s->how_at = value->at;
	s->prolog = streq(text, "prolog");
	if (!s->prolog && !streq(text, "namespace"))
		diag_error(r->diags, SCRATCH_HOW_CODE, value->at, "namespace or prolog",
			   "'%.100s' is not a way to give jobs directories of their own", text);
}

static unsigned place_of(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (streq(places[i].path, text))
			return places[i].bit;
	return 0;
}

static void read_private(struct inv_reader *r, const struct conf_value *value, struct scratch *s)
{
	const struct conf_value *const *texts;
	size_t count = 0;
	s->private = s->prolog ? 0 : SCRATCH_USUAL;
	if (!value || conf_texts(value, "'private' of 'scratch'", r->arena, &texts, &count, r->diags) < 0)
		return;
	s->private_at = value->at;
	if (s->prolog) {
		diag_error(r->diags, SCRATCH_PRIVATE_CODE, value->at, "take out 'private' or 'how'",
			   "'how: prolog' gives each job a TMPDIR of its own, and can make no directory private");
		return;
	}
	s->private = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned bit = place_of(texts[i]->text);
		if (!bit)
			diag_error(r->diags, SCRATCH_PRIVATE_CODE, texts[i]->at, "/tmp, /var/tmp and /dev/shm can",
				   "'%.100s' cannot be private to a job", texts[i]->text);
		s->private |= bit;
	}
	if (!(s->private & SCRATCH_TMP))
		diag_error(r->diags, SCRATCH_PRIVATE_CODE, value->at, "add /tmp",
			   "without /tmp in 'private' the TMPDIR of jobs would be shared");
}

void *scratch_parse(struct inv_reader *r, const struct conf_value *value)
{
	enum { PATH, MOUNT, PRIVATE, HOW, KEYS };
	static const struct conf_key keys[KEYS + 1] = {
	    [PATH] = {"path"}, [MOUNT] = {"mount"}, [PRIVATE] = {"private"}, [HOW] = {"how"}};
	const struct conf_value *values[KEYS] = {NULL};
	struct scratch *s = arena_alloc(r->arena, sizeof *s);
	*s = (struct scratch){.path = "/scratch"};
	if (r->class) {
		diag_error(r->diags, SCRATCH_CLASS_CODE, value->at, "a link or a mount puts another disk at the path",
			   "'scratch' is the same on all nodes: a class cannot have one of its own");
		return s;
	}
	if (value && value->kind != CONF_NULL) {
		s->at = value->at;
		conf_walk(value, "'scratch'", keys, values, r->diags);
	}
	read_path(r, values[PATH], s);
	read_how(r, values[HOW], s);
	read_private(r, values[PRIVATE], s);
	if (values[MOUNT])
		conf_bool(values[MOUNT], "'mount' of 'scratch'", &s->mount, r->diags);
	s->jobs = arena_printf(r->arena, "%s/jobs", s->path);
	inventory_offer_scratch(r, s->path);
	return s;
}
