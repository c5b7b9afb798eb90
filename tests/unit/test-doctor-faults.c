/* Each fault that a healthy cluster is given is found, under its name and under no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "doctor/group.h"
#include "ward.h"

static void munged_hangs(struct ward *x)
{
	ward_set_process(x, 1, "munged", 'T', false);
}

static void munged_masked(struct ward *x)
{
	ward_set_unit_as(x, 1, "munge.service", "masked", "inactive", "masked", "success");
}

static void key_mode(struct ward *x)
{
	ward_set_stat(x, 1, "/etc/munge/munge.key", "0444", "munge", 128);
	ward_set_unit(x, 1, "munge.service", "failed", "exit-code");
}

static void key_missing(struct ward *x)
{
	ward_tell(x, 1, "stat:/etc/munge/munge.key", json_pack("{s:i}", "errno", 2));
}

static void key_differs(struct ward *x)
{
	x->w->facts[1].secrets[0].fingerprint = "77";
}

static void munge_socket(struct ward *x)
{
	ward_tell(x, 1, "stat:/run/munge/munge.socket.2", json_pack("{s:i}", "errno", 2));
}

static void disk_full(struct ward *x)
{
	ward_set_fs(x, 1, "/var/lib/slurm/slurmd", 100000, 3, 1000000, 900000);
	ward_set_unit(x, 1, "slurmd.service", "failed", "exit-code");
}

static void disk_low(struct ward *x)
{
	ward_set_fs(x, 1, "/", 100000, 3000, 1000000, 900000);
	ward_set_fs(x, 1, "/tmp", 100000, 3000, 1000000, 900000);
}

static void inodes_full(struct ward *x)
{
	ward_set_fs(x, 1, "/var/log/slurm", 100000, 50000, 1000000, 3);
}

static void read_only(struct ward *x)
{
	ward_set_text(x, 1, "read:/proc/self/mountinfo",
		      "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
		      "22 21 8:2 / /var rw,relatime shared:1 - ext4 /dev/sda2 ro,errors=remount-ro\n"
		      "23 21 0:5 / /sys ro,nosuid - sysfs sysfs rw\n");
}

static void conf_edited(struct ward *x)
{
	x->w->facts[1].slurm_conf = arena_printf(x->w->arena, "%s# tuned\n", x->w->facts[1].in_force_slurm);
}

static void conf_missing(struct ward *x)
{
	x->w->facts[1].slurm_conf = NULL;
}

static void slurmd_stopped(struct ward *x)
{
	ward_set_unit(x, 1, "slurmd.service", "inactive", "success");
	x->w->nodes[0].flags = SLURM_NODE_NO_RESPOND;
}

static void slurmd_died(struct ward *x)
{
	ward_set_unit(x, 1, "slurmd.service", "failed", "exit-code");
	ward_set_text(
	    x, 1, "tail:/var/log/slurm/slurmd.log",
	    "[1] error: an old one\n[2] slurmd version 22.05.8 started\n[3] fatal: the cause\n[4] error: late\n");
}

/* systemd tries again and again: between two tries it is neither failed nor up. */
static void slurmd_flaps(struct ward *x)
{
	ward_set_unit(x, 1, "slurmd.service", "activating", "exit-code");
	json_object_set_new(
	    json_object_get(json_object_get(json_object_get(x->answers[1], "units"), "units"), "slurmd.service"), "sub",
	    json_string("auto-restart"));
}

static void slurmd_hangs(struct ward *x)
{
	ward_set_process(x, 1, "slurmd", 'T', false);
}

static void slurmd_masked(struct ward *x)
{
	ward_set_unit_as(x, 1, "slurmd.service", "masked", "inactive", "masked", "success");
}

static void slurmd_disabled(struct ward *x)
{
	ward_set_unit_as(x, 1, "slurmd.service", "loaded", "active", "disabled", "success");
}

static void slurmd_replaced(struct ward *x)
{
	ward_set_process(x, 1, "slurmd", 'S', true);
	x->w->nodes[0].version = "22.05.7";
}

static void slurmd_old(struct ward *x)
{
	x->w->nodes[0].version = "22.05.7";
}

static void slurmctld_stopped(struct ward *x)
{
	ward_set_unit(x, 0, "slurmctld.service", "inactive", "success");
}

static void slurmctld_died(struct ward *x)
{
	ward_set_unit(x, 0, "slurmctld.service", "failed", "signal");
}

static void slurmctld_hangs(struct ward *x)
{
	ward_set_process(x, 0, "slurmctld", 'T', false);
	x->d.slurm = (struct doctor_slurm){.why = "Connection timed out", .controller = 0};
}

static void slurmctld_masked(struct ward *x)
{
	ward_set_unit_as(x, 0, "slurmctld.service", "masked", "inactive", "masked", "success");
}

static void slurmctld_disabled(struct ward *x)
{
	ward_set_unit_as(x, 0, "slurmctld.service", "loaded", "active", "disabled", "success");
}

static void slurmctld_replaced(struct ward *x)
{
	ward_set_process(x, 0, "slurmctld", 'S', true);
}

static void slurmctld_silent(struct ward *x)
{
	x->d.slurm = (struct doctor_slurm){.why = "Connection timed out", .controller = 0};
}

static void controller_down(struct ward *x)
{
	x->controllers[0] = (struct slurm_controller){"c1", 0, false};
	x->d.slurm.controllers = x->controllers;
	x->d.slurm.controller_count = 1;
}

static void packages_broken(struct ward *x)
{
	ward_set_packages(x, 1, "slurmd is half-configured");
	ward_set_unit(x, 1, "slurmd.service", "failed", "exit-code");
}

static void package_missing(struct ward *x)
{
	json_object_del(json_object_get(json_object_get(x->answers[1], "packages"), "versions"), "slurmd");
}

static void package_unheld(struct ward *x)
{
	json_array_remove(json_object_get(json_object_get(x->answers[1], "packages"), "held"), 0);
}

static void log_large(struct ward *x)
{
	ward_set_stat(x, 1, "/var/log/slurm/slurmd.log", "0640", "slurm", (json_int_t)3 << 30);
}

static void set_directory(struct ward *x, enum observed_state state)
{
	struct observed *o = (struct observed *)x->w->observed[1];
	for (size_t i = 0; i < x->w->catalogs[1]->len; i++)
		if (streq(x->w->catalogs[1]->items[i].id, "directory:/var/log/slurm"))
			o[i].state = state;
}

static void directory_differs(struct ward *x)
{
	set_directory(x, OBSERVED_DIFFERS);
}

static void directory_missing(struct ward *x)
{
	set_directory(x, OBSERVED_MISSING);
}

#define ROOT "root:x:0:0:root:/root:/bin/bash\n"
#define SLURM "slurm:x:64030:64030::/:/usr/sbin/nologin\n"
#define ALICE "alice:x:1001:1001::/home/alice:/bin/bash\n"

static void set_people(struct ward *x, const char *on_node, bool home)
{
	for (size_t i = 0; i < 2; i++) {
		ward_set_text(x, i, "read:/etc/passwd", i ? on_node : ROOT SLURM ALICE);
		ward_set_text(x, i, "read:/proc/self/mountinfo", "21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n");
		ward_tell(x, i, "list:/home",
			  i && !home ? json_pack("{s:[]}", "names") : json_pack("{s:[s]}", "names", "alice"));
	}
}

static void user_missing(struct ward *x)
{
	set_people(x, ROOT SLURM, true);
}

static void user_uid(struct ward *x)
{
	set_people(x, ROOT SLURM "alice:x:1002:1002::/home/alice:/bin/bash\n", true);
}

static void home_missing(struct ward *x)
{
	set_people(x, ROOT SLURM ALICE, false);
}

static void temporary(struct ward *x)
{
	ward_tell(x, 1, "list:/etc/munge", json_pack("{s:[s, s]}", "names", "munge.key", ".munge.key.reeve~"));
}

static void time_sync(struct ward *x)
{
	ward_set_unit_as(x, 1, "chrony.service", "not-found", "inactive", "", "success");
}

static void reboot_required(struct ward *x)
{
	ward_set_stat(x, 1, "/run/reboot-required", "0644", "root", 0);
}

static void cgroup_memory_off(struct ward *x)
{
	ward_set_text(x, 1, "read:/proc/cmdline", "quiet cgroup_disable=memory\n");
}

static void node_down(struct ward *x)
{
	ward_set_node(x, SLURM_NODE_DOWN, 0, "Not responding", "slurm@2026-11-27T01:00:00");
}

static void node_drained(struct ward *x)
{
	ward_set_node(x, SLURM_NODE_IDLE, SLURM_NODE_DRAIN, "Prolog error", "slurm@2026-11-27T01:00:00");
}

static void node_drained_hand(struct ward *x)
{
	ward_set_node(x, SLURM_NODE_IDLE, SLURM_NODE_DRAIN, "bad fan", "root@2026-11-27T01:00:00");
}

static void node_drained_reeve(struct ward *x)
{
	ward_set_node(x, SLURM_NODE_IDLE, SLURM_NODE_DRAIN, "reeve: less than it was", "root@2026-11-27T01:00:00");
}

static void node_silent(struct ward *x)
{
	ward_set_node(x, SLURM_NODE_IDLE, SLURM_NODE_NO_RESPOND, NULL, NULL);
}

static void node_invalid(struct ward *x)
{
	ward_set_node(x, SLURM_NODE_IDLE, SLURM_NODE_DRAIN | SLURM_NODE_INVALID_REG, "Low RealMemory",
		      "slurm@2026-11-27T01:00:00");
}

static void node_unregistered(struct ward *x)
{
	x->w->nodes[0].version = NULL;
}

static void node_unknown(struct ward *x)
{
	x->d.slurm.nodes++;
	x->d.slurm.node_count--;
}

static void node_stuck(struct ward *x)
{
	x->now_ms[0] = 1000000;
	ward_tell(x, 0, "completing",
		  json_pack("{s:i, s:s, s:s}", "status", 0, "out", "7|500|n[1-2]\n8|990|n2\n", "err", ""));
	ward_set_node(x, SLURM_NODE_IDLE, SLURM_NODE_COMPLETING, NULL, NULL);
}

static void partition_state(struct ward *x)
{
	x->partitions[0].state = "DOWN";
}

static void no_default(struct ward *x)
{
	x->partitions[0].is_default = false;
}

static void reserved(struct ward *x)
{
	x->reservations[0] = (struct slurm_reservation){.name = "maint", .nodes = "n[1-2]", .state = "ACTIVE"};
	x->d.slurm.reservation_count = 1;
}

static void set_jobs(struct ward *x, const char *reason)
{
	for (size_t i = 0; i < 2; i++)
		x->jobs[i] = (struct slurm_job){.id = i ? "8" : "7", .phase = SLURM_JOB_PENDING, .reason = reason};
	x->d.slurm.job_count = 2;
}

static void jobs_held(struct ward *x)
{
	set_jobs(x, "(launch failed requeued held)");
}

static void jobs_stuck(struct ward *x)
{
	set_jobs(x, "PartitionTimeLimit");
}

static void partition_unusable(struct ward *x)
{
	for (size_t i = 0; i < 2; i++) {
		x->w->nodes[i].flags = SLURM_NODE_DRAIN;
		x->w->nodes[i].reason = "bad fan";
		x->w->nodes[i].reason_by = "root@2026-11-27T01:00:00";
	}
}

static const struct {
	void (*inject)(struct ward *x);
	const char *found;
} faults[] = {
    {munged_hangs, "munged-hangs n1"},
    {munged_masked, "munged-masked n1"},
    {key_mode, "munge-key-mode n1"},
    {key_missing, "munge-key-missing n1"},
    {key_differs, "munge-key-differs n1"},
    {munge_socket, "munge-socket n1"},
    {disk_full, "disk-full n1"},
    {disk_low, "disk-low n1"},
    {inodes_full, "inodes-full n1"},
    {read_only, "read-only n1"},
    {conf_edited, "conf-edited n1"},
    {conf_missing, "conf-missing n1"},
    {slurmd_stopped, "slurmd-stopped n1"},
    {slurmd_died, "slurmd-died n1"},
    {slurmd_flaps, "slurmd-died n1"},
    {slurmd_hangs, "slurmd-hangs n1"},
    {slurmd_masked, "slurmd-masked n1"},
    {slurmd_disabled, "slurmd-disabled n1"},
    {slurmd_replaced, "slurmd-replaced n1"},
    {slurmd_old, "slurmd-old n1"},
    {slurmctld_stopped, "slurmctld-stopped c1"},
    {slurmctld_died, "slurmctld-died c1"},
    {slurmctld_hangs, "slurmctld-hangs c1"},
    {slurmctld_masked, "slurmctld-masked c1"},
    {slurmctld_disabled, "slurmctld-disabled c1"},
    {slurmctld_replaced, "slurmctld-replaced c1"},
    {slurmctld_silent, "slurmctld-silent c1"},
    {controller_down, "controller-down c1"},
    {packages_broken, "packages-broken n1"},
    {package_missing, "package-missing n1"},
    {package_unheld, "package-unheld n1"},
    {log_large, "log-large n1"},
    {directory_differs, "directory-differs n1"},
    {directory_missing, "directory-missing n1"},
    {user_missing, "user-missing n1"},
    {user_uid, "user-uid n1"},
    {home_missing, "home-missing n1"},
    {temporary, "temporary n1"},
    {time_sync, "time-sync n1"},
    {reboot_required, "reboot-required n1"},
    {cgroup_memory_off, "cgroup-memory-off n1"},
    {node_down, "node-down n1"},
    {node_drained, "node-drained n1"},
    {node_drained_hand, "node-drained-hand n1"},
    {node_drained_reeve, "node-drained-reeve n1"},
    {node_silent, "node-silent n1"},
    {node_invalid, "node-invalid n1"},
    {node_unregistered, "node-unregistered n1"},
    {node_unknown, "node-unknown n1"},
    {node_stuck, "node-stuck n1"},
    {partition_state, "partition-state -"},
    {no_default, "no-default -"},
    {reserved, "reserved -"},
    {jobs_held, "jobs-held -"},
    {jobs_stuck, "jobs-stuck -"},
};

static void test_each_fault_is_found_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		struct ward *x = ward_new();
		faults[i].inject(x);
		const char *found = ward_causes(x);
		if (!streq(found, faults[i].found))
			print_error("%s: found '%s'\n", faults[i].found, found);
		assert_string_equal(found, faults[i].found);
		ward_free(x);
	}
}

/* What everybody drained is one cause a node; that the partition has none left follows from it. */
static void test_a_partition_without_nodes_is_a_consequence(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	partition_unusable(x);
	assert_string_equal(ward_causes(x), "node-drained-hand n1, node-drained-hand n2");
	assert_true(world_has(&x->findings, "partition-unusable"));
	assert_int_equal(x->findings.items[0].weight, FINDING_STOP);
	ward_free(x);
}

/* The daemon's own log since it started, and its last fatal line before its later errors. */
static void test_the_witness_is_the_log_of_the_daemon(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	slurmd_died(x);
	ward_causes(x);
	assert_string_equal(x->findings.items[0].evidence, "[3] fatal: the cause");
	ward_free(x);
}

/* A node is resumed only where Slurm drained it, the reason can be over, and nothing else is wrong there. */
static void test_only_what_slurm_drained_is_resumed(void **state)
{
	(void)state;
	static const struct {
		const char *reason, *by;
		bool resumed;
	} cases[] = {{"Prolog error", "slurm@2026-11-27T01:00:00", true},
		     {"Not responding", "slurm@2026-11-27T01:00:00", true},
		     {"Prolog error", "root@2026-11-27T01:00:00", false},
		     {"something new", "slurm@2026-11-27T01:00:00", false},
		     {"reeve: joins, not verified yet", "root@2026-11-27T01:00:00", false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int sick = 0; sick < 2; sick++) {
			struct ward *x = ward_new();
			bool cured = false;
			ward_set_node(x, SLURM_NODE_IDLE, SLURM_NODE_DRAIN, cases[i].reason, cases[i].by);
			if (sick)
				home_missing(x);
			ward_causes(x);
			for (size_t k = 0; k < x->findings.len; k++)
				cured |= x->findings.items[k].cure &&
					 streq(x->findings.items[k].cure, "scontrol update nodename=n1 state=resume");
			assert_int_equal(cured, cases[i].resumed && !sick);
			ward_free(x);
		}
}

/* A node that was just resumed does not respond for a second; where its slurmd is stopped nobody has to wait. */
static void test_what_may_pass_is_what_nothing_explains(void **state)
{
	(void)state;
	struct ward *x = ward_new();
	ward_causes(x);
	assert_false(doctor_may_pass(&x->d));
	node_silent(x);
	ward_causes(x);
	assert_true(doctor_may_pass(&x->d));
	slurmd_stopped(x);
	ward_causes(x);
	assert_true(world_has(&x->findings, "node-silent"));
	assert_false(doctor_may_pass(&x->d));
	ward_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_each_fault_is_found_alone),
	    cmocka_unit_test(test_a_partition_without_nodes_is_a_consequence),
	    cmocka_unit_test(test_the_witness_is_the_log_of_the_daemon),
	    cmocka_unit_test(test_only_what_slurm_drained_is_resumed),
	    cmocka_unit_test(test_what_may_pass_is_what_nothing_explains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
