/* The section `storage`. */
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "conf/codes.h"
#include "conf/schema.h"
#include "modules/storage/storage.h"

enum { SERVER, EXPORT, MOUNT, ON, OPTIONS, AUTOMOUNT, ROOT, NFS_KEYS };

static const struct conf_key nfs_keys[NFS_KEYS + 1] = {
    [SERVER] = {"server", true}, [EXPORT] = {"export", true}, [MOUNT] = {"mount", true}, [ON] = {"on"},
    [OPTIONS] = {"options"},     [AUTOMOUNT] = {"automount"}, [ROOT] = {"root"},
};

/* Options that say what reeve says elsewhere, or that mount(8) would take for a mount of another kind. */
static const char *option_fault(const char *text)
{
	static const char *const own[] = {
	    "noauto", "auto", "x-systemd.automount", "_netdev", "bind", "rbind", "remount", "defaults", NULL};
	for (const char *const *o = own; *o; o++)
		if (streq(text, *o))
			return "is not for this list";
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._=:/-")]
		   ? "has bytes that no option of nfs(5) has"
		   : NULL;
}

/* nfs(5): a server that is gone is waited for, and nothing is lost; a soft mount would fail writes. */
static void read_options(struct inv_reader *r, const struct conf_value *value, struct storage_nfs *nfs)
{
	_cleanup_strbuf_ struct strbuf all = {0};
	const struct conf_value *const *texts;
	size_t count = 0;
	bool soft = false;
	if (value)
		conf_texts(value, "'options' of a mount", r->arena, &texts, &count, r->diags);
	for (size_t i = 0; i < count; i++) {
		const char *why = option_fault(texts[i]->text);
		if (why) {
			diag_error(r->diags, STORAGE_OPTION_CODE, texts[i]->at, NULL, "the option '%.100s' %s",
				   texts[i]->text, why);
			continue;
		}
		soft |= streq(texts[i]->text, "soft") || streq(texts[i]->text, "softerr");
		nfs->readonly |= streq(texts[i]->text, "ro");
		strbuf_addf(&all, "%s%s", all.len ? "," : "", texts[i]->text);
	}
	if (!soft)
		strbuf_addf(&all, "%shard", all.len ? "," : "");
	nfs->options = arena_strndup(r->arena, strbuf_str(&all), all.len);
}

static int read_server(struct inv_reader *r, const struct conf_value *value, struct storage_nfs *nfs)
{
	if (conf_address(value, "'server' of a mount", &nfs->address, r->diags) < 0)
		return -1;
	nfs->server = SIZE_MAX;
	for (size_t i = 0; i < r->host_count; i++)
		if (streq(r->hosts[i].name, nfs->address)) {
			nfs->server = i;
			nfs->address = r->hosts[i].slurm_address;
			inventory_need(r, i);
		}
	return 0;
}

static int read_place(struct inv_reader *r, const struct conf_value *value, const char *what, const char **ret)
{
	if (conf_path(value, what, ret, r->diags) < 0)
		return -1;
	const char *why = inventory_mount_fault(*ret);
	if (!why)
		return 0;
	diag_error(r->diags, STORAGE_PATH_CODE, value->at, NULL, "%s: %s %s", what, *ret, why);
	return -1;
}

/* A directory of the system's is nobody's to share, nor to give the mode that others can pass. */
static int check_export(struct inv_reader *r, const struct conf_value *value, const struct storage_nfs *nfs)
{
	static const char *const whole[] = {"/media", "/mnt", "/opt", "/srv"};
	const char *why = nfs->server == SIZE_MAX ? NULL : inventory_mount_fault(nfs->export);
	for (size_t i = 0; i < ARRAY_LEN(whole); i++)
		if (streq(nfs->export, whole[i]))
			why = NULL;
	if (!why)
		return 0;
	diag_error(r->diags, STORAGE_PATH_CODE, value->at, NULL, "'export': %s %s", nfs->export, why);
	return -1;
}

static int check_others(struct inv_reader *r, const struct conf_value *const *values, const struct storage_nfs *nfs,
			const struct storage_nfs *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (streq(nfs->mount, all[i].mount)) {
			diag_error(r->diags, STORAGE_TWICE_CODE, values[MOUNT]->at, NULL, "%s is mounted twice",
				   nfs->mount);
			return -1;
		}
		if (str_is_under(nfs->mount, all[i].mount) || str_is_under(all[i].mount, nfs->mount)) {
			diag_error(r->diags, STORAGE_TWICE_CODE, values[MOUNT]->at, NULL,
				   "%s and %s: one mount would be below the other", all[i].mount, nfs->mount);
			return -1;
		}
		if (streq(nfs->address, all[i].address) && streq(nfs->export, all[i].export)) {
			diag_error(r->diags, STORAGE_TWICE_CODE, values[EXPORT]->at, NULL, "%s of %s is named twice",
				   nfs->export, nfs->address);
			return -1;
		}
	}
	return 0;
}

static void read_nfs(struct inv_reader *r, const struct conf_value *value, struct storage_nfs *all, size_t *count)
{
	const struct conf_value *values[NFS_KEYS];
	struct storage_nfs nfs = {.at = value->at};
	if (conf_walk(value, "a mount of 'nfs'", nfs_keys, values, r->diags) < 0)
		return;
	read_options(r, values[OPTIONS], &nfs);
	if (values[AUTOMOUNT])
		conf_bool(values[AUTOMOUNT], "'automount'", &nfs.automount, r->diags);
	if (values[ON])
		inventory_read_choice(r, values[ON], "'on'", &nfs.on);
	if (values[ROOT])
		inventory_read_choice(r, values[ROOT], "'root'", &nfs.root);
	if (read_server(r, values[SERVER], &nfs) < 0 ||
	    conf_path(values[EXPORT], "'export'", &nfs.export, r->diags) < 0 ||
	    check_export(r, values[EXPORT], &nfs) < 0 || read_place(r, values[MOUNT], "'mount'", &nfs.mount) < 0)
		return;
	if (check_others(r, values, &nfs, all, *count) < 0)
		return;
	bool six = strchr(nfs.address, ':');
	nfs.source = arena_printf(r->arena, "%s%s%s:%s", six ? "[" : "", nfs.address, six ? "]" : "", nfs.export);
	inventory_share_in_lab(r, nfs.mount);
	all[(*count)++] = nfs;
}

void *storage_parse(struct inv_reader *r, const struct conf_value *value)
{
	static const struct conf_key keys[] = {{"nfs", false}, {NULL, false}};
	const struct conf_value *values[1] = {NULL};
	struct storage *storage = arena_alloc(r->arena, sizeof *storage);
	*storage = (struct storage){0};
	if (r->class) {
		diag_error(r->diags, STORAGE_CLASS_CODE, value->at, "on: \"class:NAME\", in the mount",
			   "'storage' of a class is true or false: each mount says who has it");
		return storage;
	}
	if (value && value->kind != CONF_NULL)
		conf_walk(value, "'storage'", keys, values, r->diags);
	if (!values[0] || values[0]->kind == CONF_NULL)
		return storage;
	if (values[0]->kind != CONF_LIST) {
		diag_error(r->diags, CONF_TYPE_CODE, values[0]->at,
			   "nfs: [ { server: head, export: /srv/nfs, mount: /mnt/nfs } ]",
			   "'nfs' should be a list of mounts, this is %s", conf_kind_name(values[0]));
		return storage;
	}
	struct storage_nfs *all = arena_calloc(r->arena, values[0]->count, sizeof *all);
	for (size_t i = 0; i < values[0]->count; i++)
		read_nfs(r, values[0]->items[i], all, &storage->count);
	storage->nfs = all;
	return storage;
}
