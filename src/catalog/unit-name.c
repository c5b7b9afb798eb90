#include "catalog/unit-name.h"

#include <string.h>

#include "base/strbuf.h"

static void add_escaped(struct strbuf *name, char c)
{
	if (c && strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_", c))
		strbuf_addc(name, c);
	else if (c == '.' && name->len)
		strbuf_addc(name, c);
	else
		strbuf_addf(name, "\\x%02x", (unsigned)(unsigned char)c);
}

char *unit_name(struct arena *arena, const char *path, const char *suffix)
{
	_cleanup_strbuf_ struct strbuf name = {0};
	for (const char *p = path; *p; p++) {
		if (*p != '/')
			add_escaped(&name, *p);
		else if (name.len && p[1] && p[1] != '/')
			strbuf_addc(&name, '-');
	}
	if (!name.len)
		strbuf_addc(&name, '-');
	return arena_printf(arena, "%s%s", name.data, suffix);
}
