/*
 * The question "hardware": what `slurmd -C` prints (slurmd(8)). It is the judge of what a node has, and the dearest of
 * all questions; so its answer is kept until the next boot (/run), for as long as what it counts and the program that
 * counts are the same.
 */
#include <sched.h>
#include <string.h>

#include "agent/child.h"
#include "agent/question.h"
#include "agent/session.h"
#include "base/str.h"

#define KEPT "/run/reeve/hardware"

enum { TEXT_MAX = 65536, KEPT_MAX = 2 * TEXT_MAX, SLURMD_MS = 20000 };

/* The line of /proc/meminfo, the CPUs that are online and those that we may use, and the program: size, place and time
 * of its change. An empty line ends it. */
static int circumstances(struct session *s, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf memory = {0}, online = {0};
	_cleanup_free_ char *slurmd = child_program(s, "slurmd");
	struct stat st;
	struct err err;
	cpu_set_t cpus;
	if (!slurmd || stat(slurmd, &st) < 0 || sched_getaffinity(0, sizeof cpus, &cpus) < 0 ||
	    root_read(&s->root, "/proc/meminfo", TEXT_MAX, &memory, &err) < 0 ||
	    root_read(&s->root, "/sys/devices/system/cpu/online", TEXT_MAX, &online, &err) < 0)
		return -1;
	const char *total = strstr(strbuf_str(&memory), "MemTotal:");
	if (!total)
		return -1;
	strbuf_addf(out, "%.*s\nonline %.*s\nours %d\n%s %llu %llu %lld %lld.%09ld\n\n", (int)strcspn(total, "\n"),
		    total, (int)strcspn(strbuf_str(&online), "\n"), strbuf_str(&online), CPU_COUNT(&cpus), slurmd,
		    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino, (long long)st.st_size,
		    (long long)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
	return 0;
}

json_t *hardware_ask(struct session *s, struct err *err)
{
	static const char *const argv[] = {"slurmd", "-C", NULL};
	const struct child_spec spec = {.argv = argv, .max = TEXT_MAX, .timeout_ms = SLURMD_MS};
	_cleanup_strbuf_ struct strbuf kept = {0}, now = {0};
	struct err why;
	bool known = circumstances(s, &now) == 0;
	if (known && root_read(&s->root, KEPT, KEPT_MAX, &kept, &why) == 0 &&
	    str_starts(strbuf_str(&kept), strbuf_str(&now)))
		return json_pack("{s:i, s:s}", "status", 0, "out", strbuf_str(&kept) + now.len);
	struct child *child = child_start(s, &spec, &why);
	if (!child)
		return json_pack("{s:s, s:b}", "error", why.text, "late", 0);
	if (child_wait(s, child, err) < 0) {
		child_free(s, child);
		return NULL;
	}
	json_t *answer = child_encode(child);
	const char *out = json_string_value(json_object_get(answer, "out"));
	if (known && child_succeeded(child) && !child->cut && out) {
		strbuf_adds(&now, out);
		(void)root_write(&s->root, KEPT, now.data, now.len, (uid_t)-1, (gid_t)-1, 0644,
				 &why); /* else it is asked again */
	}
	child_free(s, child);
	return answer;
}
