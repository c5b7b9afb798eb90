#include "slurm/param.h"

#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "hostlist/hostlist.h"
#include "slurm/action.h"
#include "slurm/tables.h"
#include "slurm/version.h"

#define WORDS_SHOWN 20 /* of a list that is long, in an error */

const struct slurm_param *slurm_param_table(enum slurm_section section)
{
	switch (section) {
	case SLURM_NODE:
		return slurm_table_node;
	case SLURM_PARTITION:
		return slurm_table_partition;
	case SLURM_CGROUP:
		return slurm_table_cgroup;
	case SLURM_GRES:
		return slurm_table_gres;
	case SLURM_GLOBAL:
		break;
	}
	return slurm_table_global;
}

const struct slurm_param *slurm_param_find(enum slurm_section section, const char *name)
{
	for (const struct slurm_param *p = slurm_param_table(section); p->name; p++)
		if (strcasecmp(p->name, name) == 0)
			return p;
	return NULL;
}

static unsigned clamp(unsigned release)
{
	return release > SLURM_RELEASE_LAST ? SLURM_RELEASE_LAST : release;
}

static bool has(uint16_t since, uint16_t until, unsigned release)
{
	if (release == 0)
		return until == 0 || until >= SLURM_RELEASE_FIRST;
	return release >= since && (until == 0 || release <= until);
}

const char *const *slurm_param_names(enum slurm_section section, unsigned release, struct arena *arena)
{
	const struct slurm_param *table = slurm_param_table(section);
	size_t count = 0;
	for (const struct slurm_param *p = table; p->name; p++)
		count++;
	const char **names = arena_calloc(arena, count + 1, sizeof *names);
	count = 0;
	for (const struct slurm_param *p = table; p->name; p++)
		if (has(p->since, p->until, clamp(release)))
			names[count++] = p->name;
	return names;
}

int slurm_param_available(const struct slurm_param *param, unsigned release, struct err *err)
{
	char have[8], other[8];
	unsigned wanted = clamp(release);
	if (has(param->since, param->until, wanted))
		return 0;
	slurm_release_print(release, have);
	if (release != 0 && wanted < param->since)
		return err_set(err, ERR_INPUT, "Slurm %s has no %s: it came with %s%s%s", have, param->name,
			       slurm_release_print(param->since, other), param->note ? "; " : "",
			       param->note ? param->note : "");
	if (release == 0 || param->until < SLURM_RELEASE_FIRST)
		return err_set(err, ERR_INPUT, "%s was %s", param->name, param->note ? param->note : "removed");
	return err_set(err, ERR_INPUT, "Slurm %s has no %s: %s was the last to have it%s%s", have, param->name,
		       slurm_release_print(param->until, other), param->note ? "; " : "",
		       param->note ? param->note : "");
}

/* Length of a word's name without what it may be given: "bf_window=60", "FORCE:4". */
static size_t stem(const char *word, size_t len)
{
	size_t n = 0;
	while (n < len && word[n] != '=' && word[n] != ':')
		n++;
	return n;
}

static void list_words(struct strbuf *out, const struct slurm_param *param, unsigned release)
{
	size_t count = 0;
	for (const struct slurm_word *w = param->words; w->name; w++) {
		if (!has(w->since, w->until, release) || (w->name[0] >= '0' && w->name[0] <= '9'))
			continue;
		if (count++ == WORDS_SHOWN) {
			strbuf_adds(out, ", ...");
			return;
		}
		strbuf_addf(out, "%s%.*s", count > 1 ? ", " : "", (int)stem(w->name, strlen(w->name)), w->name);
	}
}

/* "NO_FAIR_TREE" for FAIR_TREE: whoever wrote one does not mean the other. */
static bool is_opposite(const char *a, const char *b)
{
	static const char *const not [] = {"no_", "no"};
	for (size_t i = 0; i < sizeof not / sizeof *not ; i++) {
		size_t len = strlen(not [i]);
		if ((strncasecmp(a, not [i], len) == 0 && strcasecmp(a + len, b) == 0) ||
		    (strncasecmp(b, not [i], len) == 0 && strcasecmp(b + len, a) == 0))
			return true;
	}
	return false;
}

static const char *nearest_word(const struct slurm_param *param, const char *word, unsigned release)
{
	const char *names[256];
	size_t count = 0;
	for (const struct slurm_word *w = param->words; w->name && count < 255; w++)
		if (has(w->since, w->until, release) && !is_opposite(w->name, word))
			names[count++] = w->name;
	names[count] = NULL;
	return str_nearest(word, names);
}

static int refuse_word(const struct slurm_param *param, const char *word, int len, const struct slurm_word *known,
		       unsigned release, struct err *err)
{
	_cleanup_strbuf_ struct strbuf allowed = {0};
	_cleanup_free_ char *copy = xasprintf("%.*s", len, word);
	const char *near = known ? NULL : nearest_word(param, copy, release);
	char since[8], until[8];
	list_words(&allowed, param, release);
	if (known && known->since > release)
		return err_set(err, ERR_INPUT, "%s: '%s' came with %s; allowed: %s", param->name, copy,
			       slurm_release_print(known->since, since), strbuf_str(&allowed));
	if (known)
		return err_set(err, ERR_INPUT, "%s: '%s' was removed after %s; allowed: %s", param->name, copy,
			       slurm_release_print(known->until, until), strbuf_str(&allowed));
	return err_set(err, ERR_INPUT, "%s: '%.100s' is not known%s%.100s%s; allowed: %s", param->name, copy,
		       near ? " (did you mean '" : "", near ? near : "", near ? "'?)" : "", strbuf_str(&allowed));
}

static int check_word(const struct slurm_param *param, const char *word, size_t len, bool given_values,
		      unsigned release, struct err *err)
{
	const struct slurm_word *known = NULL;
	size_t n = given_values ? stem(word, len) : len;
	for (const struct slurm_word *w = param->words; w->name; w++) {
		if (stem(w->name, strlen(w->name)) != n || strncasecmp(w->name, word, n) != 0)
			continue;
		if (has(w->since, w->until, release))
			return 0;
		known = w;
	}
	return refuse_word(param, word, (int)len, known, release, err);
}

static int check_words(const struct slurm_param *param, const char *value, unsigned release, struct err *err)
{
	for (const char *p = value;; p++) {
		size_t len = strcspn(p, ",");
		if (len == 0)
			return err_set(err, ERR_INPUT, "%s: an item is empty", param->name);
		if (check_word(param, p, len, true, release, err) < 0)
			return -1;
		p += len;
		if (*p == '\0')
			return 0;
	}
}

static bool is_infinite(const char *value)
{
	return strcasecmp(value, "INFINITE") == 0 || strcasecmp(value, "UNLIMITED") == 0;
}

static int check_uint(const struct slurm_param *param, const char *value, struct err *err)
{
	uint64_t n;
	bool infinite_too = param->type == SLURM_UINT_INF;
	const char *also = infinite_too ? ", or INFINITE" : "";
	if (infinite_too && (is_infinite(value) || streq(value, "-1")))
		return 0;
	if (value[0] == '0' && value[1] != '\0')
		return err_set(err, ERR_INPUT, "%s: '%s' begins with 0, and Slurm would read it as octal", param->name,
			       value);
	if (str_to_u64(value, param->min, param->max, &n) == 0)
		return 0;
	if (param->max >= UINT32_MAX - 2)
		return err_set(err, ERR_INPUT, "%s: '%s' is not a whole number from %llu on%s", param->name, value,
			       (unsigned long long)param->min, also);
	return err_set(err, ERR_INPUT, "%s: '%s' is not a whole number from %llu to %llu%s", param->name, value,
		       (unsigned long long)param->min, (unsigned long long)param->max, also);
}

/* Digits at *p, at most nine; false where there are none. */
static bool skip_digits(const char **p)
{
	const char *start = *p;
	while (**p >= '0' && **p <= '9' && *p - start < 9)
		(*p)++;
	return *p > start;
}

static bool is_time(const char *value)
{
	const char *p = value;
	unsigned colons = 0;
	if (is_infinite(value) || streq(value, "-1"))
		return true;
	if (!skip_digits(&p))
		return false;
	if (*p == '-') {
		p++;
		if (!skip_digits(&p))
			return false;
	}
	while (*p == ':') {
		p++;
		colons++;
		if (!skip_digits(&p))
			return false;
	}
	return *p == '\0' && colons <= 2;
}

static bool is_bool(const char *value)
{
	static const char *const words[] = {"YES", "NO", "TRUE", "FALSE", "UP", "DOWN", "1", "0"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	return false;
}

/* "FORCE:4". Slurm keeps the number in 15 bits (src/common/read_config.c, OverSubscribe). */
static bool is_share(const char *value)
{
	static const char *const words[] = {"NO", "EXCLUSIVE", "YES", "FORCE"};
	uint64_t n;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(value, words[i]) == 0)
			return true;
	if (strncasecmp(value, "YES:", 4) == 0)
		return str_to_u64(value + 4, 2, 32767, &n) == 0;
	return strncasecmp(value, "FORCE:", 6) == 0 && str_to_u64(value + 6, 1, 32767, &n) == 0;
}

static bool is_float(const char *value)
{
	const char *p = value;
	bool digits = skip_digits(&p);
	if (*p == '.') {
		p++;
		digits |= skip_digits(&p);
	}
	return digits && *p == '\0';
}

static bool is_port(const char *text, size_t len, uint64_t *ret)
{
	char copy[8];
	if (len == 0 || len >= sizeof copy)
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	return str_to_u64(copy, 1, 65535, ret) == 0;
}

static bool is_ports(const char *value)
{
	uint64_t low, high;
	const char *dash = strchr(value, '-');
	if (!dash)
		return is_port(value, strlen(value), &low);
	return is_port(value, (size_t)(dash - value), &low) && is_port(dash + 1, strlen(dash + 1), &high) &&
	       low <= high;
}

static bool has_blank(const char *value)
{
	return strpbrk(value, " \t") != NULL;
}

static int refuse(const struct slurm_param *param, const char *value, const char *wanted, struct err *err)
{
	return err_set(err, ERR_INPUT, "%s: '%.200s' is not %s", param->name, value, wanted);
}

/* What no value may hold, because it would end the value, its line or its file's meaning. */
static int check_bytes(const struct slurm_param *param, const char *value, struct err *err)
{
	size_t len = strlen(value);
	if (len == 0)
		return err_set(err, ERR_INPUT, "%s: the value is empty", param->name);
	if (len > 60000)
		return err_set(err, ERR_INPUT, "%s: the value is longer than 60,000 bytes", param->name);
	for (const char *p = value; *p; p++) {
		if (((unsigned char)*p < ' ' && !(*p == '\n' && param->type == SLURM_ACTIONS)) || *p == 0x7f)
			return err_set(err, ERR_INPUT, "%s: the value holds a control character", param->name);
		if (*p == '#')
			return err_set(err, ERR_INPUT, "%s: '#' would begin a comment", param->name);
		if (*p == '"')
			return err_set(err, ERR_INPUT, "%s: slurm.conf has no way to write a double quote in a value",
				       param->name);
	}
	if (value[len - 1] == '\\')
		return err_set(err, ERR_INPUT, "%s: a backslash at the end would join the next line", param->name);
	return 0;
}

static int check_hosts(const struct slurm_param *param, const char *value, struct err *err)
{
	size_t count;
	if (strcasecmp(value, "ALL") == 0)
		return 0;
	if (hostlist_count(value, 1U << 20, &count, NULL, err) < 0)
		return err_wrap(err, "%s", param->name);
	return 0;
}

static int check_path(const struct slurm_param *param, unsigned release, const char *value, struct err *err)
{
	enum { FIRST_ACTIONS = 2605 };
	bool named = param->type == SLURM_PROGRAM && (release == 0 || release >= FIRST_ACTIONS);
	if ((value[0] == '/' && !has_blank(value)) || (named && str_is_name(value, 63)))
		return 0;
	return refuse(param, value, named ? "an absolute path, or the name of a PowerAction" : "an absolute path", err);
}

static int check_actions(const struct slurm_param *param, const char *value, struct err *err)
{
	_cleanup_arena_ struct arena *arena = arena_new();
	const char *fault = slurm_actions_fault(value, arena);
	return fault ? err_set(err, ERR_INPUT, "%s: %s", param->name, fault) : 0;
}

int slurm_param_check(const struct slurm_param *param, unsigned release, const char *value, struct err *err)
{
	unsigned with = clamp(release);
	if (slurm_param_available(param, release, err) < 0 || check_bytes(param, value, err) < 0)
		return -1;
	switch (param->type) {
	case SLURM_STRING:
		return 0;
	case SLURM_PATH:
	case SLURM_PROGRAM:
		return check_path(param, with, value, err);
	case SLURM_ACTIONS:
		return check_actions(param, value, err);
	case SLURM_UINT:
	case SLURM_UINT_INF:
		return check_uint(param, value, err);
	case SLURM_TIME:
		return is_time(value) ? 0
				      : refuse(param, value,
					       "a time: minutes, hours:minutes:seconds, days-hours, "
					       "days-hours:minutes:seconds, or INFINITE",
					       err);
	case SLURM_BOOL:
		return is_bool(value) ? 0 : refuse(param, value, "YES or NO", err);
	case SLURM_WORD:
		return check_word(param, value, strlen(value), false, with, err);
	case SLURM_WORDS:
		return check_words(param, value, with, err);
	case SLURM_SHARE:
		return is_share(value)
			   ? 0
			   : refuse(param, value, "NO, EXCLUSIVE, YES, FORCE, YES:N from 2 or FORCE:N from 1", err);
	case SLURM_HOSTS:
		return check_hosts(param, value, err);
	case SLURM_FLOAT:
		return is_float(value) ? 0 : refuse(param, value, "a number of at least 0", err);
	case SLURM_PORT:
		return is_ports(value) ? 0 : refuse(param, value, "a port or a range of ports in 1-65535", err);
	case SLURM_NAME_LIST:
		return !has_blank(value) ? 0 : refuse(param, value, "a list of names with commas and no blanks", err);
	}
	return err_set(err, ERR_INTERNAL, "%s has no type", param->name);
}
