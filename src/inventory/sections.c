/* The small sections: cluster, slurm_version, memory, lab. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "inventory/build.h"
#include "slurm/version.h"

bool inventory_is_cluster_name(const char *name)
{
	size_t len = strlen(name);
	return len && len <= INV_MAX_CLUSTER && !strchr("._-", *name) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len;
}

void build_cluster(struct build *b, const struct conf_value *value)
{
	const char *name;
	if (conf_text(value, "'cluster'", &name, b->diags) < 0)
		return;
	b->inv->cluster = (struct inv_text){.text = name, .at = value->at};
	if (inventory_is_cluster_name(name))
		return;
	/* slurm.conf(5), ClusterName: the accounting database folds it to lower case. */
	char *lower = arena_strdup(b->arena, name);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	bool folded = !streq(lower, name) && inventory_is_cluster_name(lower);
	diag_error(b->diags, INV_CLUSTER_NAME_CODE, value->at,
		   folded ? diags_text(b->diags, "write '%s'", lower) : NULL,
		   "the cluster's name '%s' should be lower-case letters, digits, '.', '_' and '-', at most %d of them",
		   name, INV_MAX_CLUSTER);
}

void build_adopted(struct build *b, const struct conf_value *value)
{
	static const char prefix[] = "sha256:";
	const struct conf_value *const *texts;
	size_t count, n = 0;
	struct digest digest;
	if (!value || conf_texts(value, "'adopted'", b->arena, &texts, &count, b->diags) < 0)
		return;
	struct inv_text *list = arena_calloc(b->arena, count, sizeof *list);
	for (size_t i = 0; i < count; i++) {
		const char *text = texts[i]->text;
		if (str_starts(text, prefix) && digest_parse(text + strlen(prefix), &digest) == 0)
			list[n++] = (struct inv_text){.text = text + strlen(prefix), .at = texts[i]->at};
		else
			diag_error(b->diags, INV_ADOPTED_CODE, texts[i]->at,
				   "'sha256sum /etc/slurm/slurm.conf' prints the digits",
				   "'adopted' should be 'sha256:' and 64 hexadecimal digits, not '%.100s'", text);
	}
	b->inv->adopted = list;
	b->inv->adopted_count = n;
}

void build_version(struct build *b, const struct conf_value *value)
{
	const char *text;
	struct slurm_version version;
	struct err err = {0};
	if (!value || conf_version(value, "'slurm_version'", &text, b->diags) < 0)
		return;
	if (slurm_version_parse(text, &version, &err) < 0) {
		diag_error(b->diags, INV_SLURM_VERSION_CODE, value->at, NULL, "'slurm_version': %s", err.text);
		return;
	}
	if (!slurm_release_usable(version.release)) {
		char first[8];
		diag_error(b->diags, INV_SLURM_VERSION_CODE, value->at, NULL,
			   "'slurm_version' %s is not known to this reeve, which knows %s and later ones", text,
			   slurm_release_print(SLURM_RELEASE_FIRST, first));
		return;
	}
	b->release = version.release;
	b->inv->slurm_version = (struct inv_text){.text = text, .at = value->at};
}

void build_reserve(struct build *b, const struct conf_value *value, struct inv_reserve *reserve)
{
	enum { MOST_MIB = 1 << 20, MOST_PERCENT = 90 };
	uint64_t n;
	if (value && value->kind == CONF_SCALAR && value->len > 1 && value->len < 20 &&
	    value->text[value->len - 1] == '%') {
		char number[20];
		memcpy(number, value->text, value->len - 1);
		number[value->len - 1] = '\0';
		if (str_to_u64(number, 0, MOST_PERCENT, &n) < 0)
			diag_error(b->diags, INV_RESERVE_CODE, value->at, NULL,
				   "the reserve should be at most %d%% of a node's memory, not '%s'", MOST_PERCENT,
				   value->text);
		else
			*reserve = (struct inv_reserve){.percent = (unsigned)n, .at = value->at};
		return;
	}
	if (conf_mib(value, "the reserve", &n, b->diags) < 0)
		return;
	if (n > MOST_MIB)
		diag_error(b->diags, INV_RESERVE_CODE, value->at, NULL, "a reserve of %s leaves nothing for jobs",
			   value->text);
	else
		*reserve = (struct inv_reserve){.mib = (unsigned long)n, .at = value->at};
}

void build_memory(struct build *b, const struct conf_value *value)
{
	static const struct conf_key keys[] = {{"reserve", true}, {NULL}};
	const struct conf_value *values[1];
	if (!value)
		return;
	conf_walk(value, "'memory'", keys, values, b->diags);
	if (values[0])
		build_reserve(b, values[0], &b->inv->reserve);
}

void build_word(struct build *b, const struct conf_value *value, const char *what, const char *const *words,
		const char **ret)
{
	const char *text;
	if (conf_text(value, what, &text, b->diags) < 0)
		return;
	_cleanup_strbuf_ struct strbuf all = {0};
	for (size_t i = 0; words[i]; i++) {
		if (streq(words[i], text)) {
			*ret = words[i];
			return;
		}
		strbuf_addf(&all, "%s%s", i ? ", " : "", words[i]);
	}
	const char *near = str_nearest(text, words);
	diag_error(b->diags, INV_WORD_CODE, value->at, near ? diags_text(b->diags, "did you mean '%s'?", near) : NULL,
		   "%s should be one of %s, not '%s'", what, strbuf_str(&all), text);
}

static const char *const suites[] = {"bookworm", "trixie", "forky", NULL};
static const char *const arches[] = {"amd64", "arm64", NULL};
static const char *const backends[] = {"nspawn", "uml", NULL};

/* A node of the lab with less does not start Slurm; more than a machine has is a mistake. */
static void read_lab_memory(struct build *b, const struct conf_value *value, unsigned long *ret)
{
	enum { LEAST_MIB = 512, MOST_MIB = 1 << 20 };
	uint64_t n;
	if (conf_mib(value, "the memory", &n, b->diags) < 0)
		return;
	if (n < LEAST_MIB || n > MOST_MIB)
		diag_error(b->diags, INV_LAB_MEMORY_CODE, value->at, NULL,
			   "a node of the lab has from %d MB to %d MB, not %s", LEAST_MIB, MOST_MIB, value->text);
	else
		*ret = (unsigned long)n;
}

enum { MOST_LAB_GPUS = 16 };

static void read_lab_nodes(struct build *b, const struct conf_value *value)
{
	enum { SUITE, ARCH, BACKEND, MEMORY, GPUS, KEYS };
	static const struct conf_key keys[] = {[SUITE] = {"suite"},   [ARCH] = {"arch"}, [BACKEND] = {"backend"},
					       [MEMORY] = {"memory"}, [GPUS] = {"gpus"}, [KEYS] = {NULL}};
	if (value->kind != CONF_MAP) {
		diag_error(b->diags, CONF_TYPE_CODE, value->at, "for example: nodes: { dalt: { arch: arm64 } }",
			   "'nodes' of 'lab' should be a map, this is %s", conf_kind_name(value));
		return;
	}
	for (size_t i = 0; i < value->count; i++) {
		const struct conf_pair *pair = &value->pairs[i];
		const struct conf_value *values[KEYS], name = {.kind = CONF_SCALAR,
							       .at = pair->at,
							       .text = pair->key,
							       .len = strlen(pair->key),
							       .plain = true};
		const char *suite = NULL, *arch = NULL, *backend = NULL;
		unsigned long memory = 0;
		uint64_t gpus = 0;
		struct indexes list = {0};
		build_nodes(b, &name, "'lab'", NULL, 0, &list, NULL);
		conf_walk(pair->value, "'lab'", keys, values, b->diags);
		if (values[SUITE])
			build_word(b, values[SUITE], "the suite", suites, &suite);
		if (values[ARCH])
			build_word(b, values[ARCH], "the architecture", arches, &arch);
		if (values[BACKEND])
			build_word(b, values[BACKEND], "the backend", backends, &backend);
		if (values[MEMORY])
			read_lab_memory(b, values[MEMORY], &memory);
		if (values[GPUS])
			(void)conf_int(values[GPUS], "the number of GPUs", 0, MOST_LAB_GPUS, &gpus, b->diags);
		for (size_t k = 0; k < list.len; k++) {
			struct inv_host *host = &b->hosts.items[list.items[k]];
			host->suite = suite ? suite : host->suite;
			host->arch = arch ? arch : host->arch;
			host->backend = backend ? backend : host->backend;
			host->memory = memory ? memory : host->memory;
			host->gpus = gpus ? (unsigned)gpus : host->gpus;
		}
		free(list.items);
	}
}

static void read_binds(struct build *b, const struct conf_value *value)
{
	const struct conf_value *const *texts;
	size_t count;
	if (conf_texts(value, "'binds' of 'lab'", b->arena, &texts, &count, b->diags) < 0)
		return;
	struct inv_text *binds = arena_calloc(b->arena, count, sizeof *binds);
	for (size_t i = 0; i < count; i++) {
		binds[i] = (struct inv_text){.text = "/", .at = texts[i]->at};
		if (conf_path(texts[i], "a path of 'binds'", &binds[i].text, b->diags) == 0 &&
		    streq(binds[i].text, "/"))
			diag_error(b->diags, CONF_PATH_CODE, texts[i]->at, NULL, "'binds' cannot have /");
	}
	b->inv->lab.binds = binds;
	b->inv->lab.bind_count = count;
}

void build_lab(struct build *b, const struct conf_value *value)
{
	enum { SUITE, BACKEND, MEMORY, BINDS, NODES, KEYS };
	static const struct conf_key keys[] = {[SUITE] = {"suite"}, [BACKEND] = {"backend"}, [MEMORY] = {"memory"},
					       [BINDS] = {"binds"}, [NODES] = {"nodes"},     [KEYS] = {NULL}};
	const struct conf_value *values[KEYS] = {NULL};
	struct inv_lab *lab = &b->inv->lab;
	lab->suite = suites[0];
	lab->backend = backends[0];
	if (value) {
		lab->at = value->at;
		conf_walk(value, "'lab'", keys, values, b->diags);
	}
	if (values[SUITE])
		build_word(b, values[SUITE], "the suite", suites, &lab->suite);
	if (values[BACKEND])
		build_word(b, values[BACKEND], "the backend", backends, &lab->backend);
	if (values[MEMORY])
		read_lab_memory(b, values[MEMORY], &lab->memory);
	if (values[BINDS])
		read_binds(b, values[BINDS]);
	if (values[NODES])
		read_lab_nodes(b, values[NODES]);
	for (size_t i = 0; i < b->hosts.len; i++) {
		struct inv_host *host = &b->hosts.items[i];
		host->suite = host->suite ? host->suite : lab->suite;
		host->backend = host->backend ? host->backend : lab->backend;
		host->memory = host->memory ? host->memory : lab->memory;
	}
}
