#include "agent/unit.h"

#include <string.h>

#include "agent/child.h"
#include "agent/session.h"
#include "base/str.h"
#include "base/vec.h"

enum { SHOW_MS = 30000, RELOAD_MS = 100000 };

static void set_property(struct unit *u, const char *key, const char *value, struct arena *arena)
{
	uint64_t number;
	const struct {
		const char *key;
		const char **place;
	} texts[] = {{"LoadState", &u->load},
		     {"ActiveState", &u->active},
		     {"SubState", &u->sub},
		     {"UnitFileState", &u->file},
		     {"Result", &u->result}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (streq(key, texts[i].key))
			*texts[i].place = arena_strdup(arena, value);
	if (streq(key, "NeedDaemonReload"))
		u->needs_reload = streq(value, "yes");
	if (streq(key, "CanReload"))
		u->can_reload = streq(value, "yes");
	if (streq(key, "ReloadResult"))
		u->reload_failed = *value && !streq(value, "success");
	if (str_to_u64(value, 0, INT64_MAX, &number) < 0)
		return;
	if (streq(key, "MainPID"))
		u->pid = (long)number;
	/* The main process counts where there is one; the unit's own time is then later. */
	if (streq(key, "ExecMainStartTimestampMonotonic") && number)
		u->start_us = number;
	if (streq(key, "ActiveEnterTimestampMonotonic"))
		u->active_us = number;
	if (streq(key, "ActiveEnterTimestampMonotonic") && !u->start_us)
		u->start_us = number;
	if (streq(key, "StateChangeTimestampMonotonic"))
		u->state_us = number;
}

/* One block of KEY=VALUE lines for each unit, in the order asked for, with an empty line between (systemctl(1)). */
static int parse_show(char *text, const char *const *names, size_t count, struct arena *arena, struct units *ret)
{
	char *rest = text;
	struct unit *u = NULL;
	for (char *line; (line = str_next_line(&rest));) {
		char *equals = strchr(line, '=');
		if (!*line) {
			u = NULL;
			continue;
		}
		if (!equals)
			continue;
		if (!u) {
			if (ret->len == count)
				return -1;
			u = vec_push_in(arena, ret);
			*u = (struct unit){.name = names[ret->len - 1], "", "", "", "", ""};
		}
		*equals = '\0';
		set_property(u, line, equals + 1, arena);
	}
	return ret->len == count ? 0 : -1;
}

int unit_show(struct session *s, const char *const *names, size_t count, struct arena *arena, struct units *ret,
	      struct err *err)
{
	const char **argv = arena_calloc(arena, count + 5, sizeof *argv);
	size_t n = 0;
	argv[n++] = "systemctl";
	argv[n++] = "show";
	argv[n++] = "--property=LoadState,ActiveState,SubState,UnitFileState,Result,NeedDaemonReload,MainPID,"
		    "ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic,StateChangeTimestampMonotonic,"
		    "CanReload,ReloadResult";
	argv[n++] = "--";
	memcpy(argv + n, names, count * sizeof *names);
	_cleanup_strbuf_ struct strbuf out = {0};
	if (child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = SHOW_MS}, &out, err) < 0)
		return -1;
	if (!out.len || parse_show(out.data, names, count, arena, ret) < 0)
		return err_set(err, ERR_FAILED, "systemctl show gave no answer for each unit");
	return 0;
}

bool unit_runs(const struct unit *u)
{
	return streq(u->active, "active") || streq(u->active, "reloading");
}

bool unit_is_enabled(const struct unit *u)
{
	return streq(u->file, "enabled");
}

/*
 * Beside a unit file there may be an init script of the same name, of Debian's munge for one, and systemctl then calls update-rc.d
 * twice, which has systemd read all units again each time: most of the time that enabling takes. The script's links start nothing
 * where there is a unit file (systemd-sysv-generator(8)), and a unit that is a script alone is `generated`, not `disabled`, and is never
 * enabled here. With disable they are brought in line: invoke-rc.d(8) starts, after an upgrade, what is enabled or has such a link.
 */
int unit_command(struct session *s, unsigned timeout_ms, const char *verb, const char *name, struct err *err)
{
	static const char *const without_script[] = {"SYSTEMCTL_SKIP_SYSV=1", NULL};
	const char *const argv[] = {"systemctl", verb, name, NULL};
	const struct child_spec spec = {.argv = argv,
					.env = streq(verb, "enable") ? without_script : NULL,
					.timeout_ms = timeout_ms,
					.locked = true};
	return child_run(s, &spec, NULL, err);
}

int unit_reload(struct session *s, struct err *err)
{
	if (child_command(s, RELOAD_MS, err, "systemctl", "daemon-reload", NULL) < 0)
		return -1;
	s->units_changed = false;
	return 0;
}

int unit_explain(struct session *s, const char *name, struct err *err)
{
	const char *const argv[] = {"journalctl", "-u", name, "-n", "5", "-o", "cat", "--no-pager", "-q", NULL};
	_cleanup_strbuf_ struct strbuf out = {0};
	_cleanup_strbuf_ struct strbuf said = {0};
	struct err ignored;
	if (child_run(s, &(struct child_spec){.argv = argv, .timeout_ms = SHOW_MS}, &out, &ignored) < 0 || !out.len)
		return -1;
	char *rest = out.data;
	for (char *line; (line = str_next_line(&rest));)
		if (*line)
			strbuf_addf(&said, "%s%.160s", said.len ? "; " : "", line);
	struct err before = *err;
	return err_set(err, before.code, "%.300s; its journal: %s", before.text, strbuf_str(&said));
}
