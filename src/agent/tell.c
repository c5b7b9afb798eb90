#include "agent/tell.h"

#include <stdarg.h>

#include "agent/child.h"
#include "agent/session.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

enum { OFTEN_MS = 2000, RARELY_MS = 60000, PARTS = 100, TICK_MS = 1000 };

void tell_event(struct session *s, json_t *event)
{
	pump_say(&s->pump, json_pack("{s:I, s:o}", "id", s->request, "event", event));
}

void tell_progress(struct session *s, const char *resource, const char *fmt, ...)
{
	va_list ap;
	_cleanup_strbuf_ struct strbuf text = {0};
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *clean = str_printable(arena, text.data, text.len);
	tell_event(s, json_pack("{s:s, s:s}", "id", resource, "progress", clean));
}

bool tell_due(struct tell_pace *pace)
{
	uint64_t now = clock_ms();
	if (!pace->begun)
		pace->begun = pace->said = now;
	uint64_t gap = (now - pace->begun) / PARTS;
	gap = gap < OFTEN_MS ? OFTEN_MS : gap > RARELY_MS ? RARELY_MS : gap;
	if (now - pace->said < gap)
		return false;
	pace->said = now;
	return true;
}

int tell_child(struct session *s, const char *resource, const char *doing, struct child *child, const char *name,
	       struct err *err)
{
	struct tell_pace pace = {0};
	int r = 0;
	for (tell_due(&pace); !child->ended;) {
		pump_wait(&s->pump, TICK_MS);
		if (tell_due(&pace))
			tell_progress(s, resource, "%s for %llu s", doing,
				      (unsigned long long)(clock_ms() - pace.begun) / 1000);
	}
	if (child->killed)
		r = pump_check(&s->pump, err);
	if (r == 0 && !child_succeeded(child)) {
		_cleanup_strbuf_ struct strbuf why = {0};
		child_describe(child, name, &why);
		r = err_set(err, child->timed_out ? ERR_TIMEOUT : ERR_FAILED, "%s", why.data);
	}
	child_free(s, child);
	return r;
}
