#include "catalog/source.h"

#include <string.h>

#include "base/str.h"

enum { URL_BYTES = 2000, UNKNOWN_S = 3600, LEAST_S = 600, RATE = 250000 };

static const char *const unpack_names[SOURCE_UNPACKS] = {
    [SOURCE_FILE] = "file", [SOURCE_INTO_PREFIX] = "prefix", [SOURCE_INTO_BUILD] = "build"};

bool source_is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
	size_t len = strlen(name);
	return len && len <= SOURCE_NAME && strspn(name, allowed) == len && *name != '.' && *name != '-';
}

/* It becomes an argument of curl(1), which is told not to expand anything in it. */
bool source_is_url(const char *url)
{
	static const char *const schemes[] = {"https://", "http://", "ftp://"};
	const char *host = NULL;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (str_starts(url, schemes[i]))
			host = url + strlen(schemes[i]);
	if (!host || !*host || *host == '/' || strlen(url) > URL_BYTES)
		return false;
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7F || strchr("\"<>\\^`{|}", *p))
			return false;
	return true;
}

unsigned source_limit_s(const struct source *s)
{
	if (!s->size)
		return UNKNOWN_S;
	uint64_t least = s->size / RATE;
	return least < LEAST_S ? LEAST_S : (unsigned)least;
}

json_t *source_encode(const struct source *s)
{
	json_t *object = json_object();
	fields_put_text(object, "name", s->name);
	fields_put_text(object, "digest", s->digest.hex);
	json_object_set_new(object, "size", json_integer((json_int_t)s->size));
	fields_put_list(object, "urls", s->urls);
	fields_put_text(object, "unpack", unpack_names[s->unpack]);
	json_object_set_new(object, "strip", json_integer(s->strip));
	return object;
}

void source_decode(struct fields *f, struct source *ret)
{
	*ret = (struct source){.name = fields_text(f, "name", true)};
	if (!f->bad && !source_is_name(ret->name))
		fields_fail(f, "name", "is not a plain name of a file");
	ret->digest = *fields_digest(f, "digest");
	ret->size = (uint64_t)fields_long(f, "size", 0, SOURCE_BYTES);
	ret->urls = fields_texts(f, "urls", SOURCE_URLS, source_is_url, "has something that is not a URL");
	ret->unpack = (enum source_unpack)fields_one_of(f, "unpack", unpack_names, SOURCE_UNPACKS);
	ret->strip = (unsigned)fields_long(f, "strip", 0, SOURCE_STRIP);
	fields_end(f, "source");
}
