#include "agent/tell.h"

#include <stdarg.h>

#include "agent/session.h"
#include "base/mem.h"
#include "base/str.h"

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
