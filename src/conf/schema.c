#include "conf/schema.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"
#include "conf/codes.h"

enum { MOST_KEYS = 200 };

static int type_error(const struct conf_value *value, const char *what, const char *wanted, struct diags *diags)
{
	if (value->kind == CONF_NULL)
		diag_error(diags, CONF_EMPTY_CODE, value->at, NULL, "%s has no value; it should be %s", what, wanted);
	else
		diag_error(diags, CONF_TYPE_CODE, value->at, NULL, "%s should be %s, this is %s", what, wanted,
			   conf_kind_name(value));
	return -1;
}

const char *conf_unknown_key(const struct conf_pair *pair, const char *what, const char *const *words,
			     struct diags *diags)
{
	const char *near = str_nearest(pair->key, words);
	diag_error(diags, CONF_UNKNOWN_KEY_CODE, pair->at, near ? diags_text(diags, "did you mean '%s'?", near) : NULL,
		   "unknown key '%s' in %s", pair->key, what);
	return near;
}

int conf_walk(const struct conf_value *map, const char *what, const struct conf_key *keys,
	      const struct conf_value **values, struct diags *diags)
{
	const char *words[MOST_KEYS];
	size_t count = 0;
	for (; count < MOST_KEYS - 1 && keys[count].name; count++) {
		words[count] = keys[count].name;
		values[count] = NULL;
	}
	words[count] = NULL;
	if (!map)
		return -1;
	if (map->kind != CONF_MAP)
		return type_error(map, what, "a map", diags);
	int result = 0;
	bool meant[MOST_KEYS] = {false}; /* known keys that an unknown one was taken for: not missing, but misspelt */
	for (size_t i = 0; i < map->count; i++) {
		size_t k = 0;
		while (k < count && !streq(map->pairs[i].key, words[k]))
			k++;
		if (k < count) {
			values[k] = map->pairs[i].value;
			continue;
		}
		const char *near = conf_unknown_key(&map->pairs[i], what, words, diags);
		for (k = 0; k < count; k++)
			meant[k] = meant[k] || (near && near == words[k]);
		result = -1;
	}
	for (size_t k = 0; k < count; k++)
		if (keys[k].required && !values[k] && !meant[k]) {
			diag_error(diags, CONF_MISSING_KEY_CODE, map->at, NULL, "%s has no '%s'", what, keys[k].name);
			result = -1;
		}
	return result;
}

/* A scalar with something in it that is safe on a line: what every other getter begins with. */
static int get_scalar(const struct conf_value *value, const char *what, const char *wanted, struct diags *diags)
{
	if (!value)
		return -1;
	if (value->kind != CONF_SCALAR)
		return type_error(value, what, wanted, diags);
	if (!value->len) {
		diag_error(diags, CONF_EMPTY_CODE, value->at, NULL, "%s is empty; it should be %s", what, wanted);
		return -1;
	}
	for (size_t i = 0; i < value->len; i++) {
		unsigned char c = (unsigned char)value->text[i];
		bool c1 = c == 0xC2 && (unsigned char)value->text[i + 1] < 0xA0;
		if (c >= 0x20 && c != 0x7F && !c1)
			continue;
		diag_error(diags, CONF_CONTROL_CODE, value->at, NULL, "%s has %s in it", what,
			   c == '\n' || c == '\r' ? "a line break" : "a control character");
		return -1;
	}
	return 0;
}

int conf_text(const struct conf_value *value, const char *what, const char **ret, struct diags *diags)
{
	if (get_scalar(value, what, "a text", diags) < 0)
		return -1;
	*ret = value->text;
	return 0;
}

int conf_bool(const struct conf_value *value, const char *what, bool *ret, struct diags *diags)
{
	static const char *const yes[] = {"true", "yes", "on"}, *const no[] = {"false", "no", "off"};
	if (get_scalar(value, what, "true or false", diags) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (!strcasecmp(value->text, yes[i])) {
			*ret = true;
			return 0;
		}
		if (!strcasecmp(value->text, no[i])) {
			*ret = false;
			return 0;
		}
	}
	diag_error(diags, CONF_TYPE_CODE, value->at, NULL, "%s should be true or false, not '%s'", what, value->text);
	return -1;
}

int conf_int(const struct conf_value *value, const char *what, uint64_t min, uint64_t max, uint64_t *ret,
	     struct diags *diags)
{
	if (get_scalar(value, what, "a number", diags) < 0)
		return -1;
	if (str_to_u64(value->text, min, max, ret) == 0)
		return 0;
	diag_error(diags, CONF_NUMBER_CODE, value->at, NULL, "%s should be a whole number from %llu to %llu, not '%s'",
		   what, (unsigned long long)min, (unsigned long long)max, value->text);
	return -1;
}

struct unit {
	const char *name;
	uint64_t factor;
};

/* A whole number with one of the units (NULL-terminated), with or without blanks between. `*bare`: only the unit is
 * missing. */
static int read_amount(const char *text, const struct unit *units, uint64_t max, uint64_t *ret, bool *bare)
{
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits + strspn(text + digits, " ");
	char number[24];
	uint64_t n;
	*bare = digits && !*unit;
	if (!digits || digits >= sizeof number)
		return -1;
	memcpy(number, text, digits);
	number[digits] = '\0';
	for (; units->name; units++)
		if (!strcasecmp(unit, units->name) && str_to_u64(number, 0, max / units->factor, &n) == 0) {
			*ret = n * units->factor;
			return 0;
		}
	return -1;
}

int conf_mib(const struct conf_value *value, const char *what, uint64_t *ret, struct diags *diags)
{
	static const struct unit units[] = {{"MB", 1},       {"MiB", 1},       {"GB", 1 << 10}, {"GiB", 1 << 10},
					    {"TB", 1 << 20}, {"TiB", 1 << 20}, {NULL, 0}};
	bool bare;
	if (get_scalar(value, what, "an amount of memory like '256 MB'", diags) < 0)
		return -1;
	if (read_amount(value->text, units, 1ULL << 40, ret, &bare) == 0)
		return 0;
	diag_error(diags, CONF_SIZE_CODE, value->at,
		   bare ? diags_text(diags, "with its unit: '%s MB'", value->text) : NULL,
		   "%s should be an amount of memory like '256 MB' or '2 GB', not '%s'", what, value->text);
	return -1;
}

int conf_mbit(const struct conf_value *value, const char *what, uint64_t max, uint64_t *ret, struct diags *diags)
{
	static const struct unit units[] = {{"Mbit", 1},       {"Mbit/s", 1},       {"Gbit", 1000}, {"Gbit/s", 1000},
					    {"Tbit", 1000000}, {"Tbit/s", 1000000}, {NULL, 0}};
	bool bare;
	if (get_scalar(value, what, "a speed like '500 Mbit'", diags) < 0)
		return -1;
	if (read_amount(value->text, units, max, ret, &bare) == 0)
		return 0;
	diag_error(diags, CONF_SPEED_CODE, value->at,
		   bare ? diags_text(diags, "with its unit: '%s Mbit'", value->text) : NULL,
		   "%s should be a speed like '500 Mbit' or '10 Gbit', at most %llu Mbit, not '%s'", what,
		   (unsigned long long)max, value->text);
	return -1;
}

int conf_name(const struct conf_value *value, const char *what, size_t max, const char **ret, struct diags *diags)
{
	if (get_scalar(value, what, "a name", diags) < 0)
		return -1;
	if (!str_is_name(value->text, max)) {
		diag_error(
		    diags, CONF_NAME_CODE, value->at, NULL,
		    "%s '%s' is not a name: letters, digits, '.', '_' and '-', at most %zu of them, beginning with "
		    "a letter "
		    "or digit",
		    what, value->text, max);
		return -1;
	}
	*ret = value->text;
	return 0;
}

static bool is_dns_name(const char *s)
{
	if (strlen(s) > 253)
		return false;
	for (;;) {
		size_t n = strcspn(s, ".");
		if (!n || n > 63 || s[0] == '-' || s[n - 1] == '-')
			return false;
		for (size_t i = 0; i < n; i++)
			if (!isascii(s[i]) || !(isalnum((unsigned char)s[i]) || s[i] == '-' || s[i] == '_'))
				return false;
		if (!s[n])
			return true;
		s += n + 1;
	}
}

/* NULL: it is one. Else why it is not, and perhaps a help. */
const char *conf_address_fault(const char *s, const char **ret_hint)
{
	struct in_addr v4;
	struct in6_addr v6;
	if (*s == '-')
		return "begins with '-', ssh would take it for an option";
	if (inet_pton(AF_INET, s, &v4) == 1)
		return NULL;
	if (strspn(s, "0123456789.") == strlen(s))
		return "is not an IPv4 address";
	const char *zone = strchr(s, '%');
	char literal[INET6_ADDRSTRLEN] = "";
	size_t len = zone ? (size_t)(zone - s) : strlen(s);
	if (len < sizeof literal) {
		memcpy(literal, s, len);
		literal[len] = '\0';
		if (inet_pton(AF_INET6, literal, &v6) == 1 && (!zone || str_is_name(zone + 1, 15)))
			return NULL;
	}
	if (is_dns_name(s))
		return NULL;
	if (strchr(s, '@'))
		*ret_hint = "the user has a key of its own: { address: ..., user: ... }";
	else if (strchr(s, ':') && strchr(s, ':') == strrchr(s, ':'))
		*ret_hint = "the port has a key of its own: { address: ..., port: ... }";
	return "is neither an IP address nor a DNS name";
}

int conf_address(const struct conf_value *value, const char *what, const char **ret, struct diags *diags)
{
	if (get_scalar(value, what, "an address", diags) < 0)
		return -1;
	if (conf_address_check(value->text, what, value->at, diags) < 0)
		return -1;
	*ret = value->text;
	return 0;
}

int conf_address_check(const char *text, const char *what, struct span at, struct diags *diags)
{
	const char *hint = NULL;
	const char *fault = conf_address_fault(text, &hint);
	if (!fault)
		return 0;
	diag_error(diags, CONF_ADDRESS_CODE, at, hint, "%s '%s' %s", what, text, fault);
	return -1;
}

const char *conf_path_fault(const char *s)
{
	size_t len = strlen(s);
	if (*s != '/')
		return "is not absolute";
	if (len > 1000)
		return "is longer than 1,000 bytes";
	if (strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._+@~-") != len)
		return "has other bytes than letters, digits and /._+@~-";
	if (strstr(s, "//") || (len > 1 && s[len - 1] == '/'))
		return "has a '/' too many";
	for (const char *p = s; p; p = strchr(p + 1, '/')) {
		size_t n = strcspn(p + 1, "/");
		if ((n == 1 && p[1] == '.') || (n == 2 && p[1] == '.' && p[2] == '.'))
			return "has '.' or '..' in it";
	}
	return NULL;
}

int conf_path(const struct conf_value *value, const char *what, const char **ret, struct diags *diags)
{
	if (get_scalar(value, what, "an absolute path", diags) < 0)
		return -1;
	const char *fault = conf_path_fault(value->text);
	if (fault) {
		diag_error(diags, CONF_PATH_CODE, value->at, NULL, "%s '%s' %s", what, value->text, fault);
		return -1;
	}
	*ret = value->text;
	return 0;
}

/* Would YAML's usual readers make a number of it? (YAML 1.2.2, 10.3.2: core schema) */
static bool is_number(const char *s)
{
	s += *s == '-' || *s == '+';
	size_t digits = strspn(s, "0123456789"), more = 0;
	s += digits;
	if (*s == '.') {
		more = strspn(++s, "0123456789");
		s += more;
	}
	if (!digits && !more)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		size_t power = strspn(s, "0123456789");
		if (!power)
			return false;
		s += power;
	}
	return !*s;
}

int conf_version(const struct conf_value *value, const char *what, const char **ret, struct diags *diags)
{
	if (get_scalar(value, what, "a version like \"24.11\"", diags) < 0)
		return -1;
	if (value->plain && is_number(value->text)) {
		diag_error(diags, CONF_VERSION_CODE, value->at,
			   diags_text(diags, "write it in quotes: \"%s\"", value->text),
			   "%s is a number here, and versions are texts: as a number 22.10 is 22.1", what);
		return -1;
	}
	if (!isalnum((unsigned char)*value->text) || value->len > 64 ||
	    strspn(value->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~:-") != value->len) {
		diag_error(diags, CONF_VERSION_CODE, value->at, NULL, "%s '%s' is not a version", what, value->text);
		return -1;
	}
	*ret = value->text;
	return 0;
}

int conf_texts(const struct conf_value *value, const char *what, struct arena *arena,
	       const struct conf_value *const **ret, size_t *ret_count, struct diags *diags)
{
	if (!value)
		return -1;
	if (value->kind != CONF_LIST) {
		if (get_scalar(value, what, "a text or a list of texts", diags) < 0)
			return -1;
		const struct conf_value **one = arena_calloc(arena, 1, sizeof *one);
		*one = value;
		*ret = one;
		*ret_count = 1;
		return 0;
	}
	const struct conf_value **texts = arena_calloc(arena, value->count ? value->count : 1, sizeof *texts);
	size_t count = 0;
	const char *item = diags_text(diags, "an item of %s", what);
	for (size_t i = 0; i < value->count; i++)
		if (get_scalar(value->items[i], item, "a text", diags) == 0)
			texts[count++] = value->items[i];
	if (!count && value->count)
		return -1;
	if (!count) {
		diag_error(diags, CONF_EMPTY_CODE, value->at, NULL, "%s is an empty list", what);
		return -1;
	}
	*ret = texts;
	*ret_count = count;
	return 0;
}
