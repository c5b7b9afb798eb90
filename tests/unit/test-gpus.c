/* GPUs from facts to a node's lines, the record, and what a change of them needs. What is found on which machine is
 * tests/golden/node-gpus. */
#include "model/gpus.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "slurm/gres.h"

static struct facts_gpu nvidia(const char *type, const char *files, const char *cores)
{
	return (struct facts_gpu){.vendor = GPU_NVIDIA, .type = type, .files = files, .cores = cores};
}

static void lists_differ_by_type_and_number(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_gpu two[] = {nvidia("t4", "/dev/nvidia0", NULL), nvidia("t4", "/dev/nvidia1", NULL)};
	struct facts_gpu moved[] = {nvidia("t4", "/dev/nvidia7", "0-3"), nvidia("a100", "/dev/nvidia8", NULL)};
	const struct facts_gpus none = {0}, before = {two, 2}, now = {moved, 2}, one = {two, 1};
	const char *less, *more;
	gpus_differ(&before, &now, a, &less, &more);
	assert_string_equal(less, "gpu:t4:1");
	assert_string_equal(more, "gpu:a100:1");
	gpus_differ(&before, &before, a, &less, &more);
	assert_null(less);
	assert_null(more);
	gpus_differ(&none, &now, a, &less, &more);
	assert_null(less);
	assert_string_equal(more, "gpu:a100:1,gpu:t4:1");
	gpus_differ(&before, &none, a, &less, NULL);
	assert_string_equal(less, "gpu:t4:2");
	assert_null(gpus_gres(&none, a));
	assert_int_equal(gpus_among(&before, &one, a).len, 1);
	assert_string_equal(gpus_among(&before, &one, a).items[0].files, "/dev/nvidia0");
	assert_int_equal(gpus_among(&before, &now, a).len, 0);
}

/* Only what follows in number, and is alike in type, cores and files, shares a line. */
static void lines_join_what_is_alike(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_gpu all[] = {
	    nvidia("t4", "/dev/nvidia10", NULL),
	    nvidia("t4", "/dev/nvidia9", NULL),
	    nvidia("t4", "/dev/nvidia2", "0-3"),
	    nvidia("t4", "/dev/nvidia1", "0-3"),
	    nvidia("t4", "/dev/nvidia3", "4-7"),
	    nvidia("a100_1g.5gb", "/dev/nvidia0,/dev/nvidia-caps/nvidia-cap30,/dev/nvidia-caps/nvidia-cap31", NULL),
	    nvidia("a100_1g.5gb", "/dev/nvidia0,/dev/nvidia-caps/nvidia-cap3,/dev/nvidia-caps/nvidia-cap4", NULL),
	    {.vendor = GPU_AMD, .state = GPU_NO_FILE, .type = "mi", .files = "/dev/dri/renderD128"},
	    {.vendor = GPU_AMD, .type = "mi", .files = "/dev/dri/renderD129"},
	};
	const struct facts_gpus given = {all, ARRAY_LEN(all)}, ready = gpus_ready(&given, a);
	assert_int_equal(ready.len, ARRAY_LEN(all) - 1);
	assert_string_equal(gpus_lines(&ready, false, a),
			    " Name=gpu Type=mi File=/dev/dri/renderD129 Flags=amd_gpu_env\n"
			    " Name=gpu Type=a100_1g.5gb MultipleFiles=/dev/nvidia0,/dev/nvidia-caps/nvidia-cap3,"
			    "/dev/nvidia-caps/nvidia-cap4 Flags=nvidia_gpu_env\n"
			    " Name=gpu Type=a100_1g.5gb MultipleFiles=/dev/nvidia0,/dev/nvidia-caps/nvidia-cap30,"
			    "/dev/nvidia-caps/nvidia-cap31 Flags=nvidia_gpu_env\n"
			    " Name=gpu Type=t4 File=/dev/nvidia[1-2] Cores=0-3 Flags=nvidia_gpu_env\n"
			    " Name=gpu Type=t4 File=/dev/nvidia3 Cores=4-7 Flags=nvidia_gpu_env\n"
			    " Name=gpu Type=t4 File=/dev/nvidia[9-10] Flags=nvidia_gpu_env\n");
	assert_string_equal(gpus_gres(&ready, a), "gpu:a100_1g.5gb:2,gpu:mi:1,gpu:t4:5");
}

static void record_gives_back_what_it_was_given(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_gpu all[] = {
	    nvidia("nvidia_a100_3g.20gb", "/dev/nvidia0,/dev/nvidia-caps/nvidia-cap3,/dev/nvidia-caps/nvidia-cap4",
		   "0-15"),
	    {.vendor = GPU_INTEL, .type = "intel_0bd5", .files = "/dev/dri/renderD128"},
	};
	const struct facts_gpus given = {all, ARRAY_LEN(all)};
	struct facts_gpus back;
	struct err err = {0};
	json_t *json = gpus_encode(&given);
	assert_int_equal(gpus_decode(json, a, &back, &err), 0);
	json_decref(json);
	assert_string_equal(gpus_lines(&back, false, a), gpus_lines(&given, false, a));
	assert_int_equal(gpus_decode(NULL, a, &back, &err), 0);
	assert_int_equal(back.len, 0);
}

static void what_could_be_another_line_is_refused(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	static const char *const bad[][4] = {
	    {"nvidia", "t4 File=/etc/shadow", "/dev/nvidia0", "0"},
	    {"nvidia", "T4", "/dev/nvidia0", "0"},
	    {"nvidia", "-t4", "/dev/nvidia0", "0"},
	    {"nvidia", "t4\nNodeName=x", "/dev/nvidia0", "0"},
	    {"nvidia", "", "/dev/nvidia0", "0"},
	    {"matrox", "t4", "/dev/nvidia0", "0"},
	    {"nvidia", "t4", "/dev/sda", "0"},
	    {"nvidia", "t4", "/dev/nvidia", "0"},
	    {"nvidia", "t4", "/dev/nvidia0 Count=9", "0"},
	    {"nvidia", "t4", "/dev/nvidia0,", "0"},
	    {"nvidia", "t4", "/dev/nvidia0,/dev/nvidia1,/dev/nvidia2,/dev/nvidia3", "0"},
	    {"nvidia", "t4", "/dev/nvidia0", "0 Name=x"},
	    {"nvidia", "t4", "/dev/nvidia0", ""},
	    {"nvidia", "t4", "/dev/nvidia12345678", "0"},
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct facts_gpus out;
		struct err err = {0};
		json_t *json = json_pack("[{s:s, s:s, s:s, s:s}]", "vendor", bad[i][0], "type", bad[i][1], "files",
					 bad[i][2], "cores", bad[i][3]);
		assert_int_equal(gpus_decode(json, a, &out, &err), -1);
		assert_int_equal(err.code, ERR_PROTOCOL);
		json_decref(json);
	}
}

static void only_types_and_cores_need_a_restart(void **state)
{
	(void)state;
	static const char two[] = "NodeName=n[1-2] Name=gpu Type=t4 File=/dev/nvidia[0-1] Cores=0-3\n";
	const struct {
		const char *now;
		enum slurm_need need;
	} cases[] = {
	    {two, SLURM_NEED_NOTHING},
	    {"# of reeve\nNodeName=n[1-2] Name=gpu Type=t4 File=/dev/nvidia[0-1] Cores=0-3\n", SLURM_NEED_RECONFIGURE},
	    /* n1 lost one */
	    {"NodeName=n1 Name=gpu Type=t4 File=/dev/nvidia0 Cores=0-3\n"
	     "NodeName=n2 Name=gpu Type=t4 File=/dev/nvidia[0-1] Cores=0-3\n",
	     SLURM_NEED_RECONFIGURE},
	    {"NodeName=n2 Name=gpu Type=t4 File=/dev/nvidia[0-1] Cores=0-3\n", SLURM_NEED_RECONFIGURE},
	    {"", SLURM_NEED_RECONFIGURE},
	    {"NodeName=n[1-2] Name=gpu Type=t4 File=/dev/nvidia[0-1] Cores=0-7\n", SLURM_NEED_RESTART_BOTH},
	    {"NodeName=n[1-2] Name=gpu Type=t4 File=/dev/nvidia[0-1]\n", SLURM_NEED_RESTART_BOTH},
	    {"NodeName=n[1-2] Name=gpu Type=t5 File=/dev/nvidia[0-1] Cores=0-3\n", SLURM_NEED_RESTART_BOTH},
	    {"NodeName=n[1-3] Name=gpu Type=t4 File=/dev/nvidia[0-1] Cores=0-3\n", SLURM_NEED_RESTART_BOTH},
	    {"NodeName=n[1-2] AutoDetect=nvml Name=gpu Type=t4 File=/dev/nvidia[0-1] Cores=0-3\n",
	     SLURM_NEED_RESTART_BOTH},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(slurm_gres_need(2302, two, cases[i].now), cases[i].need);
		assert_int_equal(slurm_gres_need(2311, two, cases[i].now),
				 i ? SLURM_NEED_RECONFIGURE : SLURM_NEED_NOTHING);
	}
	assert_int_equal(slurm_gres_need(2205, NULL, two), SLURM_NEED_RESTART_BOTH);
	assert_int_equal(slurm_gres_need(2205, NULL, NULL), SLURM_NEED_NOTHING);
}

static void another_autodetect_is_another_order(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	static const char none[] = "NodeName=n[1-3] Name=gpu Type=t4 File=/dev/nvidia[0-1]\n";
	static const char some[] = "NodeName=n1 AutoDetect=nvml Name=gpu Type=t4 File=/dev/nvidia[0-1]\n"
				   "NodeName=n1 AutoDetect=nvml Name=gpu Type=t5 File=/dev/nvidia2\n"
				   "NodeName=n[2-3] AutoDetect=nvml\n";
	static const struct {
		const char *old, *now, *nodes;
	} cases[] = {
	    {none, none, ""},
	    {NULL, none, ""},
	    {none, some, "n1 n2 n3 "},
	    {some, none, "n1 n2 n3 "},
	    {some, some, ""},
	    {some, "NodeName=n[1-2] AutoDetect=NVML Name=gpu\nNodeName=n3 AutoDetect=rsmi\n", "n3 "},
	    {"# NodeName=n4 AutoDetect=nvml\nNodeName=n[ AutoDetect=nvml\n", none, ""},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct names names = {0};
		_cleanup_strbuf_ struct strbuf all = {0};
		slurm_gres_reordered(cases[i].old, cases[i].now, a, &names);
		for (size_t k = 0; k < names.len; k++)
			strbuf_addf(&all, "%s ", names.items[k]);
		assert_string_equal(strbuf_str(&all), cases[i].nodes);
	}
}

/* One card with two GPU instances, and what nvidia-smi answered. */
static struct facts_gpus divided(struct arena *a, const char *answer)
{
	struct facts_gpus out = {0};
	struct err err = {0};
	json_error_t why;
	json_t *items = json_loads(
	    "{\"gpu.pci\": {\"entries\": {\"0000:17:00.0\": {\"class\": \"0x030200\\n\", \"vendor\": \"0x10de\\n\","
	    " \"device\": \"0x20b0\\n\", \"driver\": {\"link\": \"../drivers/nvidia\"}}}},"
	    " \"gpu.nvidia\": {\"entries\": {\"0000:17:00.0\": {\"information\":"
	    "   \"Model: NVIDIA A100\\nDevice Minor: 1\\n\"}}},"
	    " \"gpu.mig\": {\"entries\": {\"gpu1\": {\"mig\": {\"names\": [\"config\", \"gi1\", \"gi2\"]}}}},"
	    " \"gpu.dev\": {\"entries\": {\"nvidia1\": {}}},"
	    " \"gpu.minors\": {\"text\": \"gpu1/gi1/access 7\\ngpu1/gi1/ci0/access 8\\ngpu1/gi2/access 9\\n"
	    "gpu1/gi2/ci0/access 10\\n\"},"
	    " \"gpu.caps\": {\"names\": [\"nvidia-cap7\", \"nvidia-cap8\", \"nvidia-cap9\", \"nvidia-cap10\"]}}",
	    0, &why);
	assert_non_null(items);
	if (answer)
		json_object_set_new(items, "gpu.instances", json_loads(answer, 0, &why));
	assert_int_equal(facts_gpus_decode(items, 0, a, &out, &err), 0);
	json_decref(items);
	return out;
}

/* What nvidia-smi did not say to its end counts for nothing: it would be fewer instances. */
static void half_a_table_is_none(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	static const struct {
		const char *answer;
		bool good;
	} cases[] = {
	    {"{\"status\": 0, \"out\": \"| 0 1 MIG 3g.20gb 2 0 0:3 |\\n| 0 2 MIG 1g.5gb 0 0 4:1 |\\n\"}", true},
	    {"{\"status\": 1, \"out\": \"| 0 1 MIG 3g.20gb 2 0 0:3 |\\n\"}", false},
	    {"{\"timeout\": true, \"out\": \"| 0 1 MIG 3g.20gb 2 0 0:3 |\\n\"}", false},
	    {"{\"status\": 0, \"cut\": true, \"out\": \"| 0 1 MIG 3g.20gb 2 0 0:3 |\\n\"}", false},
	    {"{\"status\": 127, \"out\": \"\"}", false},
	    {"{\"error\": \"it took too long\", \"late\": true}", false},
	    {"[]", false},
	    {NULL, false},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct facts_gpus got = divided(a, cases[i].answer);
		assert_int_equal(got.len, cases[i].good ? 2 : 1);
		assert_int_equal(got.items[0].state, cases[i].good ? GPU_READY : GPU_NO_PROFILE);
		if (!cases[i].good)
			assert_string_equal(got.items[0].caps,
					    "/dev/nvidia-caps/nvidia-cap7,/dev/nvidia-caps/nvidia-cap9");
	}
}

static void instances_that_are_still_there_are_what_they_were(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	static const char gi1[] = "/dev/nvidia1,/dev/nvidia-caps/nvidia-cap7,/dev/nvidia-caps/nvidia-cap8";
	static const char gi2[] = "/dev/nvidia1,/dev/nvidia-caps/nvidia-cap9,/dev/nvidia-caps/nvidia-cap10";
	static const char other[] = "/dev/nvidia1,/dev/nvidia-caps/nvidia-cap70,/dev/nvidia-caps/nvidia-cap71";
	static const struct {
		const char *files[3];
		size_t recalled;
	} cases[] = {
	    {{gi1, gi2}, 2},   {{gi1, gi2, "/dev/nvidia11"}, 2}, /* another card */
	    {{gi1}, 0},                                          /* one more was made */
	    {{gi1, gi1}, 0},   {{gi1, gi2, other}, 0},           /* one is gone */
	    {{gi1, other}, 0}, {{"/dev/nvidia1"}, 0},            /* it was not divided */
	    {{NULL}, 0},
	};
	const struct facts_gpus now = divided(a, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct facts_gpu items[3];
		struct facts_gpus before = {items, 0};
		for (size_t k = 0; k < 3 && cases[i].files[k]; k++)
			items[before.len++] = nvidia("a100_3g.20gb", cases[i].files[k], NULL);
		const struct facts_gpus all = gpus_recall(&now, &before, a);
		assert_int_equal(all.len, now.len + cases[i].recalled);
		assert_int_equal(gpus_ready(&all, a).len, cases[i].recalled);
	}
	struct facts_gpu one[] = {nvidia("a100_3g.20gb", gi1, NULL), nvidia("a100_1g.5gb", gi2, NULL)};
	const struct facts_gpus before = {one, 2},
				known = divided(a, "{\"status\": 0, \"out\": \"| 0 1 MIG 3g.20gb 2 0 0:3 |\\n\"}");
	assert_int_equal(gpus_recall(&known, &before, a).len, 1); /* nvidia-smi knows better */
}

/* NVML is asked of NVIDIA's cards alone; what it counts is not said beside it. */
static void lines_for_nvml_leave_cores_to_it(void **state)
{
	(void)state;
	_cleanup_arena_ struct arena *a = arena_new();
	struct facts_gpu all[] = {
	    nvidia("t4", "/dev/nvidia0", "0-3"),
	    nvidia("t4", "/dev/nvidia1", "4-7"),
	    {.vendor = GPU_AMD, .type = "mi", .files = "/dev/dri/renderD129", .cores = "4-7"},
	};
	const struct facts_gpus given = {all, ARRAY_LEN(all)};
	assert_string_equal(gpus_lines(&given, true, a),
			    " AutoDetect=nvml Name=gpu Type=t4 File=/dev/nvidia[0-1] Flags=nvidia_gpu_env\n"
			    " Name=gpu Type=mi File=/dev/dri/renderD129 Cores=4-7 Flags=amd_gpu_env\n");
	assert_string_equal(all[0].cores, "0-3");
	assert_true(gpus_have(&given, GPU_NVIDIA) && gpus_have(&given, GPU_AMD) && !gpus_have(&given, GPU_INTEL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(another_autodetect_is_another_order),
	    cmocka_unit_test(half_a_table_is_none),
	    cmocka_unit_test(instances_that_are_still_there_are_what_they_were),
	    cmocka_unit_test(lines_for_nvml_leave_cores_to_it),
	    cmocka_unit_test(lists_differ_by_type_and_number),
	    cmocka_unit_test(lines_join_what_is_alike),
	    cmocka_unit_test(record_gives_back_what_it_was_given),
	    cmocka_unit_test(what_could_be_another_line_is_refused),
	    cmocka_unit_test(only_types_and_cores_need_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
