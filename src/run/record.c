/*
 * What was done is written to the controllers: the record, with the epoch of this run, and a line of the audit log.
 * Majority: a copy that could not be written is a warning, as long as most were.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "run/apply.h"

static const char *conf_digest(const struct gathered *g)
{
	for (size_t i = 0; i < g->inv->host_count; i++) {
		const struct resource *r =
		    g->catalogs[i] ? catalog_find(g->catalogs[i], "file:/etc/slurm/slurm.conf") : NULL;
		if (r)
			return r->file.digest.hex;
	}
	return "";
}

static void add_generation(struct gathered *g, struct record *record, const struct apply_options *options,
			   const struct apply_result *result)
{
	struct record_generation *all = arena_calloc(g->arena, record->generation_count + 1, sizeof *all);
	char when[21];
	clock_iso(clock_wall_ms(), when);
	if (record->generation_count)
		memcpy(all, record->generations, record->generation_count * sizeof *all);
	all[record->generation_count] = (struct record_generation){
	    .number = record->generation_count ? all[record->generation_count - 1].number + 1 : 1,
	    .when = arena_strdup(g->arena, when),
	    .who = options->who,
	    .digest = conf_digest(g),
	    .summary = arena_printf(g->arena, "%zu resources changed", result->changed),
	};
	record->generations = all;
	record->generation_count++;
}

static const char *audit_line(struct gathered *g, const struct apply_options *options, bool done,
			      const struct apply_result *result)
{
	char when[21];
	clock_iso(clock_wall_ms(), when);
	json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "when", when, "who", options->who, "command",
				 options->command, "epoch", (json_int_t)g->cluster->epoch, "changed",
				 (json_int_t)result->changed, "findings", (json_int_t)result->findings.len, "outcome",
				 done                  ? "done"
				 : result->interrupted ? "interrupted"
				 : result->stopped     ? "stopped"
						       : "not verified");
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	const char *line = arena_strdup(g->arena, text ? text : "{}");
	free(text);
	json_decref(json);
	return line;
}

int apply_record(struct gathered *g, const struct apply_options *options, bool done, struct apply_result *ret,
		 struct err *err)
{
	const struct inventory *inv = g->inv;
	struct record *record = cluster_record(g->cluster, g->arena);
	/* What was judged against the jobs there were; slurmctld may be down when the next run goes on. */
	const char *digest = conf_digest(g);
	record->begun = !done && *digest ? digest : NULL;
	if (done && ret->changed)
		add_generation(g, record, options, ret);
	if (*g->cluster->record_digest.hex)
		record->parent = g->cluster->record_digest.hex;
	_cleanup_free_ char *text = record_encode(record);
	struct fleet_blob blob = {digest_of(text, strlen(text)), text, strlen(text)};
	json_t *put = json_pack("{s:s, s:s, s:s, s:s}", "verb", "put", "path", RECORD_PATH, "digest", blob.digest.hex,
				"mode", "0600");
	json_t *append = json_pack("{s:s, s:s, s:s}", "verb", "append", "path", "/var/log/reeve/audit.log", "line",
				   audit_line(g, options, done, ret));
	struct fleet_request *requests = arena_calloc(g->arena, inv->controller_count * 2, sizeof *requests);
	size_t n = 0, written = 0;
	for (size_t i = 0; i < inv->controller_count; i++) {
		if (!roll_in(g->roll, inv->controllers[i]))
			continue;
		requests[n] = roll_request(g->roll, inv->controllers[i], put);
		requests[n].blobs = &blob;
		requests[n++].blob_count = 1;
		requests[n++] = roll_request(g->roll, inv->controllers[i], append);
	}
	int rc = fleet_round(g->fleet, requests, n, 30000, err);
	for (size_t i = 0; i < n; i++) {
		if (requests[i].answer && requests[i].message == put)
			written++;
		else if (!requests[i].answer && rc == 0)
			finding_add(&ret->findings, FINDING_WARNING, CODE_RECORD,
				    inv->hosts[roll_host(g->roll, &requests[i])].name, "%s", requests[i].error.text);
		fleet_request_clear(&requests[i]);
	}
	json_decref(put);
	json_decref(append);
	if (rc == 0 && written * 2 <= inv->controller_count)
		rc = err_set(err, ERR_FAILED, "the cluster's record could be written on %zu of %zu controllers only",
			     written, inv->controller_count);
	else if (rc == 0)
		g->cluster->record_digest = blob.digest;
	return rc;
}

int apply_audit(struct gathered *g, const struct apply_options *options, bool done, struct apply_result *ret,
		struct err *err)
{
	const struct inventory *inv = g->inv;
	json_t *append = json_pack("{s:s, s:s, s:s}", "verb", "append", "path", "/var/log/reeve/audit.log", "line",
				   audit_line(g, options, done, ret));
	struct fleet_request *requests = arena_calloc(g->arena, inv->controller_count, sizeof *requests);
	size_t n = 0;
	for (size_t i = 0; i < inv->controller_count; i++)
		if (roll_in(g->roll, inv->controllers[i]))
			requests[n++] = roll_request(g->roll, inv->controllers[i], append);
	int rc = fleet_round(g->fleet, requests, n, 30000, err);
	for (size_t i = 0; i < n; i++)
		fleet_request_clear(&requests[i]);
	json_decref(append);
	return rc;
}
