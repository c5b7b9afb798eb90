#include "run/keep.h"

#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "modules/module.h"

/* What became of the files on one host. */
struct keep_sent {
	struct arena *arena;
	const char *why; /* the first failure; NULL: none */
};

/* What is in force beside what the operator wrote: as this run put it there, or, where it does nothing to Slurm's own files, as it was found. */
static const struct {
	const char *name;
	size_t found; /* in struct facts */
} files[] = {
    {"slurm.conf", offsetof(struct facts, in_force_slurm)},
    {"cgroup.conf", offsetof(struct facts, in_force_cgroup)},
    {"gres.conf", offsetof(struct facts, in_force_gres)},
    {"topology.conf", offsetof(struct facts, in_force_topology)},
};

static const char *found_text(const struct run *run, size_t i)
{
	const struct cluster_host *primary = cluster_primary(run->cluster);
	const char *text;
	if (!primary)
		return NULL;
	memcpy(&text, (const char *)primary->facts + files[i].found, sizeof text);
	return text;
}

static void add(struct keep *k, const char *name, const void *bytes, size_t len)
{
	bool kept = false;
	for (size_t i = 0; i < k->text_count; i++)
		kept |= streq(k->texts[i].name, name);
	if (kept || len > GENERATION_BYTES)
		return;
	struct fleet_blob *b = &k->blobs[k->blob_count++];
	*b = (struct fleet_blob){digest_of(bytes, len), bytes, len};
	k->texts[k->text_count++] = (struct record_text){name, b->digest.hex};
}

void keep_begin(struct keep *k, struct run *run)
{
	const struct inventory *inv = run->inv;
	bool applied = plan_wants(&run->options->plan, module_slurm->name);
	*k = (struct keep){.run = run};
	k->texts = arena_calloc(run->arena, ARRAY_LEN(files) + inv->file_count + 1, sizeof *k->texts);
	k->blobs = arena_calloc(run->arena, ARRAY_LEN(files) + inv->file_count + 2, sizeof *k->blobs);
	k->sent = arena_calloc(run->arena, inv->controller_count, sizeof *k->sent);
	if (inv->source)
		add(k, GENERATION_YAML, inv->source, inv->source_len);
	for (size_t i = 0; inv->source && i < inv->file_count; i++)
		add(k, inv->files[i].name, inv->files[i].text, inv->files[i].len);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		const char *id = arena_printf(run->arena, "file:/etc/slurm/%s", files[i].name);
		const struct resource *r = NULL;
		for (size_t host = 0; applied && !r && host < inv->host_count; host++)
			r = run->catalogs[host] ? catalog_find(run->catalogs[host], id) : NULL;
		const char *found = applied ? NULL : found_text(run, i);
		if (r)
			add(k, files[i].name, r->file.content, r->file.size);
		else if (found)
			add(k, files[i].name, found, strlen(found));
	}
}

/* The directories that stay, without the new one: what a run that was cut off left there under its number goes first. */
static json_t *prune_message(const struct record *record, const struct record_generation *added, struct arena *arena)
{
	json_t *keep = json_array();
	for (size_t i = 0; i < record->generation_count; i++)
		if (record->generations[i].text_count && &record->generations[i] != added)
			json_array_append_new(
			    keep, json_string(
				      arena_printf(arena, "%llu", (unsigned long long)record->generations[i].number)));
	return json_pack("{s:s, s:s, s:o}", "verb", "prune", "path", GENERATION_DIR, "keep", keep);
}

static json_t *write_message(struct keep *k, const struct record_generation *added)
{
	struct arena *arena = k->run->arena;
	struct catalog c = {.arena = arena};
	json_t *list = json_array();
	catalog_own_directory(&c, STAGE_SERVICES, GENERATION_DIR, "root", "root", 0700);
	catalog_own_directory(&c, STAGE_SERVICES, generation_path(added, NULL, arena), "root", "root", 0700);
	for (size_t i = 0; i < k->blob_count; i++) {
		const char *name = i < k->text_count ? k->texts[i].name : GENERATION_META;
		catalog_file(&c, STAGE_SERVICES, generation_path(added, name, arena), "root", "root", 0600,
			     k->blobs[i].bytes, k->blobs[i].len);
	}
	for (size_t i = 0; i < c.len; i++)
		json_array_append_new(list, resource_encode(&c.items[i]));
	return run_apply_message(k->run, list);
}

void keep_prepare(struct keep *k, const struct record *record, const struct record_generation *added)
{
	const char *meta = generation_meta(added, k->run->arena);
	k->blobs[k->blob_count++] = (struct fleet_blob){digest_of(meta, strlen(meta)), meta, strlen(meta)};
	k->prune = prune_message(record, added, k->run->arena);
	k->write = write_message(k, added);
}

static void on_event(void *data, struct fleet_request *request, const json_t *json)
{
	struct keep_sent *s = data;
	struct event event;
	(void)request;
	if (!s->why && event_decode(json, s->arena, &event, NULL) == 0 && event.result == EVENT_FAILED)
		s->why = event.what;
}

void keep_add(struct keep *k, size_t host, struct round *round)
{
	if (!k->write)
		return;
	struct keep_sent *sent = &k->sent[k->sent_count++];
	sent->arena = k->run->arena;
	round_add(round, host, json_incref(k->prune));
	struct fleet_request *write = round_add(round, host, json_incref(k->write));
	write->blobs = k->blobs;
	write->blob_count = k->blob_count;
	write->on_event = on_event;
	write->data = sent;
}

bool keep_judge(const struct keep *k, const struct fleet_request *request, struct findings *findings)
{
	if (!k->write || (request->message != k->prune && request->message != k->write))
		return false;
	const char *host = k->run->inv->hosts[roll_host(k->run->roll, request)].name;
	const json_t *failed = json_object_get(request->answer, "failed");
	if (!request->answer) {
		if (*request->error_code)
			finding_add(findings, FINDING_WARNING, CODE_GENERATION, host, "%s", request->error.text);
	} else if (request->message == k->write && (!json_is_integer(failed) || json_integer_value(failed) != 0)) {
		const struct keep_sent *sent = request->data;
		finding_add(findings, FINDING_WARNING, CODE_GENERATION, host,
			    "it does not keep the texts of this generation: %s",
			    sent->why ? sent->why : "no reason given")
		    ->fix = "the other controllers have them; there should be room in /var/lib/reeve";
	}
	return true;
}

void keep_end(struct keep *k)
{
	json_decref(k->prune);
	json_decref(k->write);
}
