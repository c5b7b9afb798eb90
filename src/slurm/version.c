#include "slurm/version.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"

/* Every release since 20.02, the oldest one that a known release accepts. */
static const unsigned releases[] = {2002, 2011, 2108, 2205, 2302, 2311, 2405, 2411, 2505, 2511, 2605};

static const char *skip_name(const char *text)
{
	static const char *const names[] = {"slurm-wlm ", "slurm "};
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(text, names[i]))
			return text + strlen(names[i]);
	return text;
}

static bool read_two(const char *p, unsigned *ret)
{
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*ret = (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0');
	return true;
}

static bool is_month(unsigned month)
{
	return month == 2 || month == 5 || month == 8 || month == 11;
}

int slurm_version_parse(const char *text, struct slurm_version *ret, struct err *err)
{
	const char *p = skip_name(text);
	unsigned year, month, micro = 0;
	const char *colon = p;
	while (*colon >= '0' && *colon <= '9')
		colon++;
	if (colon > p && *colon == ':')
		p = colon + 1;
	if (!read_two(p, &year) || p[2] != '.' || !read_two(p + 3, &month) || !is_month(month))
		return err_set(err, ERR_INPUT, "'%.60s' is not a version of Slurm, such as 22.05 or 24.11.5-4", text);
	p += 5;
	if (*p == '.') {
		const char *start = ++p;
		for (; *p >= '0' && *p <= '9' && p - start < 4; p++)
			micro = micro * 10 + (unsigned)(*p - '0');
		if (p == start)
			return err_set(err, ERR_INPUT,
				       "'%.60s' is not a version of Slurm: a number is missing behind "
				       "the second point",
				       text);
	}
	if (*p != '\0' && !strchr("-+~. \r\n", *p) && !str_starts(p, "rc"))
		return err_set(err, ERR_INPUT, "'%.60s' is not a version of Slurm", text);
	ret->release = year * 100 + month;
	ret->micro = micro;
	return 0;
}

/* One behind the last for what is newer than that. */
static int index_of(unsigned release)
{
	if (release > SLURM_RELEASE_LAST && is_month(release % 100))
		return (int)ARRAY_LEN(releases);
	for (size_t i = 0; i < ARRAY_LEN(releases); i++)
		if (releases[i] == release)
			return (int)i;
	return -1;
}

bool slurm_release_known(unsigned release)
{
	return slurm_release_usable(release) && release <= SLURM_RELEASE_LAST;
}

bool slurm_release_usable(unsigned release)
{
	return release >= SLURM_RELEASE_FIRST && index_of(release) >= 0;
}

const char *slurm_release_print(unsigned release, char out[8])
{
	snprintf(out, 8, "%02u.%02u", release / 100 % 100, release % 100);
	return out;
}

unsigned slurm_release_oldest_accepted(unsigned server)
{
	if (!slurm_release_usable(server))
		return 0;
	return releases[index_of(server) - (server >= 2411 ? 3 : 2)];
}

bool slurm_release_accepts(unsigned server, unsigned client)
{
	if (server == client)
		return index_of(server) >= 0;
	return slurm_release_usable(server) && index_of(client) >= 0 && client < server &&
	       client >= slurm_release_oldest_accepted(server);
}
