#include "base/mask.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

static bool is_key(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* The last letters of a key, in lower case and without underscores, are those? */
static bool ends_in(const char *key, size_t len, const char *word)
{
	size_t at = strlen(word);
	while (len && at) {
		char c = (char)tolower((unsigned char)key[--len]);
		if (c == '_' || c == '-')
			continue;
		if (c != word[--at])
			return false;
	}
	return !at;
}

static bool names_secret(const char *key, size_t len)
{
	return ends_in(key, len, "pass") || ends_in(key, len, "passwd") || ends_in(key, len, "password");
}

/* "://USER:PASSWORD@": where the password is, NULL: nowhere. */
static const char *in_url(const char *text, size_t len, size_t *ret_len)
{
	const char *end = text + len;
	for (const char *at = text; at < end && (at = memmem(at, (size_t)(end - at), "://", 3));) {
		at += 3;
		const char *colon = NULL, *p = at;
		for (; p < end && !isspace((unsigned char)*p) && *p != '/' && *p != '@'; p++)
			if (*p == ':' && !colon)
				colon = p + 1;
		if (p < end && *p == '@' && colon) {
			*ret_len = (size_t)(p - colon);
			return colon;
		}
	}
	return NULL;
}

bool mask_is_secret(const char *key, const char *value)
{
	size_t ignored;
	return (names_secret(key, strlen(key)) && *value && *value != '/') || in_url(value, strlen(value), &ignored);
}

/* Where the value of a key that ends at `from` begins and ends; false: it has none. */
static bool value_of(const char *text, size_t len, size_t from, size_t *ret_start, size_t *ret_end)
{
	size_t i = from, end;
	while (i < len && (text[i] == ' ' || text[i] == '\t' || text[i] == '"' || text[i] == '\''))
		i++;
	if (i >= len || (text[i] != '=' && text[i] != ':'))
		return false;
	for (i++; i < len && (text[i] == ' ' || text[i] == '\t');)
		i++;
	char quote = i < len && (text[i] == '"' || text[i] == '\'') ? text[i++] : '\0';
	for (end = i;
	     end < len && text[end] != '\n' && (quote ? text[end] != quote : !isspace((unsigned char)text[end]));)
		end++;
	*ret_start = i;
	*ret_end = end;
	return end > i && text[i] != '/';
}

void mask_secrets(char *text, size_t len)
{
	size_t start, end, part;
	for (size_t i = 0; i < len; i++) {
		if (!is_key(text[i]) || (i && is_key(text[i - 1])))
			continue;
		size_t key = i;
		while (i < len && is_key(text[i]))
			i++;
		if (names_secret(text + key, i - key) && value_of(text, len, i, &start, &end))
			memset(text + start, '*', end - start);
	}
	for (size_t at = 0; at < len;) {
		const char *url = in_url(text + at, len - at, &part);
		if (!url)
			break;
		at = (size_t)(url - text) + part;
		memset(text + (at - part), '*', part);
	}
}
