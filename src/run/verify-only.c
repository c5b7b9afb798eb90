/*
 * What `reeve resume` and `reeve verify` do: the verification of a run, and nothing of what comes before. It changes nothing but the
 * state of nodes.
 */
#include "run/apply.h"

/* What keeps a host out that this is not the command for. */
static void judge_host(const struct cluster_host *h, struct findings *f)
{
	const char *name = h->inv->name;
	struct finding *x = NULL;
	if (!h->inv->compute) {
		x = finding_add(f, FINDING_STOP, CODE_NOT_COMPUTE, name, "not a compute node: nothing to resume");
	} else if (h->excluded) {
		x = finding_add(f, FINDING_STOP, CODE_RESUME, name, "it is excluded: %s", h->excluded->reason);
		x->fix = finding_text(f, "reeve include %s", name);
	} else if (h->change == CHANGE_SHRANK) {
		x = finding_add(f, FINDING_STOP, CODE_RESUME, name, "it has less hardware than its baseline: %s",
				h->change_text);
		x->fix = finding_text(f, "repair it, or accept it as it is: reeve accept %s", name);
	} else if (h->unexpected) {
		x = finding_add(f, FINDING_STOP, CODE_RESUME, name, "it is not as its class expects: %s",
				h->unexpected);
		x->fix = "repair it, or correct the class in cluster.yaml";
	}
	if (x)
		x->origin = h->inv->at;
}

/* Nothing is verified without slurmctld, or where something stands against it already. */
static bool can_verify(struct run *run, struct apply_result *ret)
{
	if (!run->live || !run->live->up)
		finding_add(&ret->findings, FINDING_STOP, CODE_SLURMCTLD, NULL, "slurmctld does not answer")->fix =
		    "systemctl status slurmctld on the controllers";
	ret->stopped = findings_count(&ret->findings, FINDING_STOP) > 0;
	return !ret->stopped;
}

static int verify(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err)
{
	int rc = apply_verify(run, options, ret, err);
	return rc < 0 ? rc : apply_audit(run, options, ret->verified, ret, err);
}

int apply_resume(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err)
{
	*ret = (struct apply_result){.findings = {.arena = run->arena}};
	cluster_check_choice(run->cluster, options->resume, true, &ret->findings);
	for (size_t i = 0; i < run->inv->host_count; i++)
		if (cluster_decided(run->cluster, options->resume, i) ||
		    (options->resume->hosts && options->resume->hosts[i]))
			judge_host(&run->cluster->hosts[i], &ret->findings);
	if (!can_verify(run, ret))
		return 0;
	if (run->plan->changes)
		finding_add(&ret->findings, FINDING_NOTE, CODE_RESUME, NULL,
			    "cluster.yaml wants other changes, which were left alone: `reeve plan` shows them");
	return verify(run, options, ret, err);
}

int apply_prove(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err)
{
	*ret = (struct apply_result){.findings = {.arena = run->arena}, .only_verified = true};
	if (!can_verify(run, ret))
		return 0;
	if (run->plan->changes)
		finding_add(&ret->findings, FINDING_WARNING, CODE_NOT_APPLIED, NULL,
			    "cluster.yaml wants changes: what is there now is verified")
		    ->fix = "`reeve plan` shows them";
	return verify(run, options, ret, err);
}
