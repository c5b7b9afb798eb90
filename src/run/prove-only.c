/* What `reeve verify` does: the verification of a run, and nothing of what comes before. */
#include "run/apply.h"

int apply_prove(struct run *run, const struct apply_options *options, struct apply_result *ret, struct err *err)
{
	*ret = (struct apply_result){.findings = {.arena = run->arena}, .only_verified = true};
	if (!run->live || !run->live->up)
		finding_add(&ret->findings, FINDING_STOP, CODE_SLURMCTLD, NULL, "slurmctld does not answer")->fix =
		    "systemctl status slurmctld on the controllers";
	ret->stopped = findings_count(&ret->findings, FINDING_STOP) > 0;
	if (ret->stopped)
		return 0;
	if (run->plan->changes)
		finding_add(&ret->findings, FINDING_WARNING, CODE_NOT_APPLIED, NULL,
			    "cluster.yaml wants changes: what is there now is verified")
		    ->fix = "`reeve plan` shows them";
	int rc = apply_verify(run, options, ret, err);
	return rc < 0 ? rc : apply_audit(run, options, ret->verified, ret, err);
}
