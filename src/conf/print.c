#include "conf/print.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"

static bool is_plain(const char *text)
{
	static const char *const words[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "all"};
	struct in_addr v4;
	if (inet_pton(AF_INET, text, &v4) == 1)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return false;
	return isalpha((unsigned char)*text) && str_is_name(text, 253);
}

void conf_print_scalar(struct strbuf *out, const char *text)
{
	if (is_plain(text)) {
		strbuf_adds(out, text);
		return;
	}
	strbuf_addc(out, '"');
	for (const char *p = text; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			strbuf_addf(out, "\\x%02x", (unsigned char)*p);
		else if (*p == '"' || *p == '\\')
			strbuf_addf(out, "\\%c", *p);
		else
			strbuf_addc(out, *p);
	}
	strbuf_addc(out, '"');
}

void conf_print_comment(struct strbuf *out, const char *text, size_t max)
{
	for (size_t i = 0; text[i]; i++) {
		if (i == max) {
			strbuf_adds(out, "...");
			return;
		}
		strbuf_addc(out, text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?');
	}
}
