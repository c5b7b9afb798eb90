/* The files that software is made of: URLs with what stands for an architecture in them, their sums, and the operator's own copies. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "modules/software/entry.h"

enum { URL_MOST = 1000, URLS_MOST = 10 };

#define PATH_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~%:/-"
#define URL_BYTES PATH_BYTES "?&=,;@!*()'$"
#define FILE_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-"

struct reading {
	const struct entry *e;
	const char *upstream[SOFTWARE_ARCHS]; /* what {upstream_arch} stands for */
};

static void read_archs(struct reading *x)
{
	struct entry_value v = entry_value(x->e, ENTRY_ARCHS);
	struct conf_key keys[SOFTWARE_ARCHS + 1] = {{NULL, false}};
	const struct conf_value *values[SOFTWARE_ARCHS] = {NULL};
	for (size_t i = 0; i < SOFTWARE_ARCHS; i++) {
		keys[i].name = software_archs[i].name;
		x->upstream[i] = software_archs[i].name;
	}
	if (!v.value)
		return;
	conf_walk(v.value, entry_what(x->e, "archs"), keys, values, v.diags);
	for (size_t i = 0; i < SOFTWARE_ARCHS; i++)
		if (values[i])
			conf_text(values[i], entry_what(x->e, "archs"), &x->upstream[i], v.diags);
}

/* "1.23" of "1.23.0". */
static int major_minor(const char *version)
{
	const char *dot = strchr(version, '.'), *second = dot ? strchr(dot + 1, '.') : NULL;
	return (int)(second ? second - version : (long)strlen(version));
}

/* NULL: there is something in braces that stands for nothing. */
static const char *expand(const struct reading *x, const char *text, size_t arch)
{
	const char *version = x->e->item->version;
	struct arena *arena = x->e->x->r->arena;
	const struct {
		const char *name, *value;
	} words[] = {{"{version}", version},
		     {"{major_minor}", arena_strndup(arena, version, (size_t)major_minor(version))},
		     {"{arch}", software_archs[arch].name},
		     {"{deb_arch}", software_archs[arch].deb},
		     {"{upstream_arch}", x->upstream[arch]}};
	_cleanup_strbuf_ struct strbuf out = {0};
	while (*text) {
		size_t i = 0;
		while (i < ARRAY_LEN(words) && !str_starts(text, words[i].name))
			i++;
		if (i < ARRAY_LEN(words)) {
			strbuf_adds(&out, words[i].value);
			text += strlen(words[i].name);
		} else if (*text == '{' || *text == '}') {
			return NULL;
		} else {
			strbuf_add(&out, text++, 1);
		}
	}
	return arena_strndup(arena, strbuf_str(&out), out.len);
}

static bool names_arch(const char *text)
{
	return strstr(text, "{arch}") || strstr(text, "{deb_arch}") || strstr(text, "{upstream_arch}");
}

static bool is_url(const char *text)
{
	return str_starts(text, "https://") || str_starts(text, "http://");
}

/* Of a URL or a path; NULL: it has none that can be a file's. */
static const char *last_component(const char *text, struct arena *arena)
{
	const char *end = text + strcspn(text, "?"), *begin = end;
	while (begin > text && begin[-1] != '/')
		begin--;
	const char *name = arena_strndup(arena, begin, (size_t)(end - begin));
	return *name && *name != '.' && *name != '-' && strlen(name) <= 200 && !name[strspn(name, FILE_BYTES)] ? name
													       : NULL;
}

static int bad_place(const struct entry_value *v, const char *what, const char *text)
{
	diag_error(v->diags, SOFTWARE_URL_CODE, v->value->at,
		   "{version}, {major_minor}, {arch}, {deb_arch} and {upstream_arch} stand for something",
		   "%s: '%.200s' is not a URL of http or https and not the name of a file", what, text);
	return -1;
}

/* The text for one architecture: a URL, or a file of the operator's. */
static const char *place_of(const struct reading *x, const char *text, size_t arch)
{
	const char *place = expand(x, text, arch);
	bool url = place && is_url(place);
	bool good = place && strlen(place) <= URL_MOST && last_component(place, x->e->x->r->arena) &&
		    !place[strspn(place, url ? URL_BYTES : PATH_BYTES)] && (url || !strstr(place, "://"));
	return good ? place : NULL;
}

/* NULL-terminated; the mirrors behind. */
static const char *const *urls_of(const struct reading *x, const char *first, size_t arch)
{
	struct entry_value v = entry_value(x->e, ENTRY_MIRRORS);
	const char *what = entry_what(x->e, "mirrors"), *const *mirrors = entry_texts(x->e, v, what);
	VEC(const char *) urls = {0};
	if (is_url(first))
		*vec_push_in(x->e->x->r->arena, &urls) = first;
	for (; *mirrors && urls.len < URLS_MOST; mirrors++) {
		const char *place = place_of(x, *mirrors, arch);
		if (place && is_url(place))
			*vec_push_in(x->e->x->r->arena, &urls) = place;
		else
			bad_place(&v, what, *mirrors);
	}
	*vec_push_in(x->e->x->r->arena, &urls) = NULL;
	return urls.items;
}

/* The operator's own copy: what is no URL has to be there, beside the downloads or beside cluster.yaml. */
static const char *local_of(const struct reading *x, const char *place, const char *name)
{
	struct arena *arena = x->e->x->r->arena;
	struct stat st;
	const char *candidates[] = {
	    x->e->x->files ? arena_printf(arena, "%s/%s", x->e->x->files, name) : NULL,
	    !is_url(place) && x->e->x->files ? arena_printf(arena, "%s/%s", x->e->x->files, place) : NULL,
	    !is_url(place) ? inventory_beside(x->e->x->r, place) : NULL,
	};
	for (size_t i = 0; i < ARRAY_LEN(candidates); i++)
		if (candidates[i] && stat(candidates[i], &st) == 0 && S_ISREG(st.st_mode))
			return candidates[i];
	return NULL;
}

/* What is said for one architecture: of an entry a text or a map by architecture, of a recipe the same by version. NULL: nothing. */
static const struct conf_value *sum_of(const struct entry *e, const struct entry_value *v, size_t arch, bool by_arch)
{
	bool own = v->value && v->value == e->own[ENTRY_SHA256];
	const struct conf_value *sum = own ? v->value : conf_get(v->value, e->item->version);
	if (sum && sum->kind == CONF_MAP)
		return by_arch ? conf_get(sum, software_archs[arch].deb) : NULL;
	return sum && sum->kind == CONF_SCALAR && !by_arch ? sum : NULL;
}

static int hash_local(const struct entry *e, struct software_file *file)
{
	struct err err = {0};
	_cleanup_fd_ int fd = open(file->local, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && digest_of_fd(fd, &file->digest, &err) == 0)
		return 0;
	diag_error(e->x->r->diags, SOFTWARE_FILE_CODE, e->item->at, NULL, "%s: %s: %s", e->what, file->local,
		   fd < 0 ? strerror(errno) : err.text);
	return -1;
}

/* -1: a finding; 1: there is none for this architecture. */
static int read_sum(const struct entry *e, size_t arch, bool by_arch, struct software_file *file)
{
	struct entry_value v = entry_value(e, ENTRY_SHA256);
	const struct conf_value *sum = sum_of(e, &v, arch, by_arch);
	if (!sum)
		return file->local && !v.value ? hash_local(e, file) : 1;
	if (digest_parse(sum->text, &file->digest) == 0)
		return 0;
	diag_error(v.diags, SOFTWARE_SUM_CODE, sum->at, NULL, "%s: '%.100s' is not a SHA-256: 64 digits 0-9 and a-f",
		   entry_what(e, "sha256"), sum->text);
	return -1;
}

/* Its name is where the name and the version of the package are read. */
static bool is_deb(const char *name)
{
	const char *version = strchr(name, '_'), *arch = version ? strchr(version + 1, '_') : NULL;
	return version > name && arch && arch > version + 1 && !strchr(arch + 1, '_') && str_ends(name, ".deb");
}

static int read_file(const struct reading *x, const struct entry_value *v, const char *what, size_t arch, bool by_arch)
{
	const struct entry *e = x->e;
	struct software_file file = {0};
	const char *place = place_of(x, v->value->text, arch);
	if (!place)
		return bad_place(v, what, v->value->text);
	file.name = last_component(place, e->x->r->arena);
	file.urls = urls_of(x, place, arch);
	file.local = local_of(x, place, file.name);
	int rc = read_sum(e, arch, by_arch, &file);
	if (rc < 0)
		return -1;
	if (!*file.urls && !file.local && rc == 0) {
		diag_error(v->diags, SOFTWARE_FILE_CODE, v->value->at,
			   "a path is relative to the directory `files` names, or to that of this file",
			   "%s: the file %s does not exist", what, place);
		return -1;
	}
	if (e->item->kind == SOFTWARE_DEB && !is_deb(file.name)) {
		diag_error(v->diags, SOFTWARE_NAME_CODE, v->value->at, NULL,
			   "%s: the name of the file '%s' is not that of a package, NAME_VERSION_ARCH.deb", what,
			   file.name);
		return -1;
	}
	if (rc == 0)
		e->item->files[arch] = file;
	return 0;
}

static int no_sum(const struct entry *e, bool by_arch)
{
	diag_error(e->x->r->diags, SOFTWARE_SUM_CODE, e->item->at,
		   by_arch ? "sha256: { amd64: \"...\", arm64: \"...\" }"
			   : "sha256: \"...\", as sha256sum(1) prints it",
		   e->recipe ? "%s: its recipe has no SHA-256 for version %s" : "%s %s has no SHA-256", e->what,
		   e->item->version);
	return -1;
}

int entry_read_files(const struct entry *e)
{
	struct reading x = {.e = e};
	struct software_item *item = e->item;
	struct entry_value v = entry_value(e, entry_kind_keys[item->kind]);
	const char *text, *what = entry_what(e, entry_key_name(entry_kind_keys[item->kind]));
	if (conf_text(v.value, what, &text, v.diags) < 0)
		return -1;
	read_archs(&x);
	bool by_arch = names_arch(text), any = false;
	item->by_arch = by_arch || item->kind == SOFTWARE_SOURCE || item->kind == SOFTWARE_INSTALLER;
	for (size_t arch = 0; arch < SOFTWARE_ARCHS; arch++) {
		if (!item->absent && read_file(&x, &v, what, arch, by_arch) < 0)
			return -1;
		any |= item->files[arch].name != NULL;
	}
	return any || item->absent ? 0 : no_sum(e, by_arch);
}
