/*
 * What was done is written to the controllers: the record, with the epoch of this run, the texts of a new generation, and a
 * line of the audit log.
 * Majority: a copy that could not be written is a warning, as long as most were.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "run/apply.h"
#include "run/keep.h"

enum { WRITE_MS = 30000 };

static const char *conf_digest(const struct run *run)
{
	for (size_t i = 0; i < run->inv->host_count; i++) {
		const struct resource *r =
		    run->catalogs[i] ? catalog_find(run->catalogs[i], "file:/etc/slurm/slurm.conf") : NULL;
		if (r)
			return r->file.digest->hex;
	}
	return "";
}

static void add_generation(struct run *run, struct record *record, const struct apply_options *options,
			   const struct apply_result *result, struct keep *keep)
{
	char when[21];
	clock_iso(clock_wall_ms(), when);
	keep_begin(keep, run);
	struct record_generation new = {
	    .when = arena_strdup(run->arena, when),
	    .who = options->who,
	    .command = options->command,
	    .summary =
		arena_printf(run->arena, "%zu resource%s changed", result->changed, result->changed == 1 ? "" : "s"),
	    .texts = keep->texts,
	    .text_count = keep->text_count,
	};
	new.digest = generation_digest(&new, "slurm.conf");
	if (!new.digest)
		new.digest = conf_digest(run);
	keep_prepare(keep, record, generation_add(record, &new, run->arena));
}

static const char *audit_line(struct run *run, const struct apply_options *options, bool done,
			      const struct apply_result *result)
{
	char when[21];
	clock_iso(clock_wall_ms(), when);
	json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "when", when, "who", options->who, "command",
				 options->command, "epoch", (json_int_t)run->cluster->epoch, "changed",
				 (json_int_t)result->changed, "findings", (json_int_t)result->findings.len, "outcome",
				 done                  ? "done"
				 : result->interrupted ? "interrupted"
				 : result->stopped     ? "stopped"
						       : "not verified");
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	const char *line = arena_strdup(run->arena, text ? text : "{}");
	free(text);
	json_decref(json);
	return line;
}

/* On a majority of the controllers, with the texts of `keep` before it. */
static int write_record(struct run *run, struct record *record, struct keep *keep, const char *line,
			struct apply_result *ret, struct err *err)
{
	const struct inventory *inv = run->inv;
	if (*run->cluster->record_digest.hex)
		record->parent = run->cluster->record_digest.hex;
	_cleanup_free_ char *text = record_encode(record);
	struct fleet_blob blob = {digest_of(text, strlen(text)), text, strlen(text)};
	json_t *put = json_pack("{s:s, s:s, s:s, s:s}", "verb", "put", "path", RECORD_PATH, "digest", blob.digest.hex,
				"mode", "0600");
	json_t *append = round_audit(line);
	_cleanup_round_ struct round round = {.run = run};
	size_t written = 0;
	for (size_t i = 0; i < inv->controller_count; i++) {
		if (!roll_in(run->roll, inv->controllers[i]))
			continue;
		keep_add(keep, inv->controllers[i], &round);
		struct fleet_request *request = round_add(&round, inv->controllers[i], json_incref(put));
		request->blobs = &blob;
		request->blob_count = 1;
		round_add(&round, inv->controllers[i], json_incref(append));
	}
	json_decref(put);
	json_decref(append);
	if (round_send(&round, WRITE_MS, err) < 0)
		return -1;
	for (size_t i = 0; i < round.len; i++) {
		const struct fleet_request *request = &round.items[i];
		if (request->answer && request->message == put)
			written++;
		else if (!keep_judge(keep, request, &ret->findings) && !request->answer)
			finding_add(&ret->findings, FINDING_WARNING, CODE_RECORD,
				    inv->hosts[round_host(&round, i)].name, "%s", request->error.text);
	}
	if (written * 2 <= inv->controller_count)
		return err_set(err, ERR_FAILED, "the cluster's record could be written on %zu of %zu controllers only",
			       written, inv->controller_count);
	run->cluster->record_digest = blob.digest;
	return 0;
}

int apply_record(struct run *run, const struct apply_options *options, bool done, struct apply_result *ret,
		 struct err *err)
{
	struct record *record = cluster_record(run->cluster, run->arena);
	struct keep keep = {0};
	/* What was judged against the jobs there were; slurmctld may be down when the next run goes on. */
	const char *digest = conf_digest(run);
	record->begun = !done && *digest ? digest : NULL;
	if (done && ret->changed)
		add_generation(run, record, options, ret, &keep);
	int rc = write_record(run, record, &keep, audit_line(run, options, done, ret), ret, err);
	keep_end(&keep);
	return rc;
}

int apply_record_secrets(struct run *run, const struct apply_options *options, struct apply_result *ret,
			 struct err *err)
{
	struct record *record = arena_alloc(run->arena, sizeof *record);
	struct keep keep = {0};
	*record = *run->cluster->record;
	record->epoch = run->cluster->epoch;
	cluster_record_secrets(run->cluster, record);
	return write_record(run, record, &keep, audit_line(run, options, false, ret), ret, err);
}

int apply_audit(struct run *run, const struct apply_options *options, bool done, struct apply_result *ret,
		struct err *err)
{
	struct round round = {.run = run};
	round_add_controllers(&round, round_audit(audit_line(run, options, done, ret)));
	return round_ask(&round, WRITE_MS, NULL, NULL, err);
}
