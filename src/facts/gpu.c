#include "facts/gpu.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/vec.h"

const char *facts_gpu_state_name(enum facts_gpu_state state)
{
	static const char *const names[] = {
	    [GPU_READY] = "ready",     [GPU_NO_DRIVER] = "no-driver",   [GPU_NOT_UP] = "not-up",
	    [GPU_NO_FILE] = "no-file", [GPU_NO_PROFILE] = "no-profile",
	};
	return (size_t)state < ARRAY_LEN(names) ? names[state] : "unknown";
}

static const char *const plugins[GPU_PLUGINS] = {"nvml", "nvidia", "rsmi", "oneapi"};
static const char *const plugin_items[] = {"gpu.plugins.amd64", "gpu.plugins.arm64"};

const char *facts_gpu_plugin_name(enum facts_gpu_plugin plugin)
{
	return plugins[plugin];
}

static json_t *strings(const char *const *list)
{
	json_t *all = json_array();
	for (; *list; list++)
		json_array_append_new(all, json_string(*list));
	return all;
}

static json_t *ask_tree(json_t *items, const char *name, const char *path, const char *const *of, int max)
{
	json_t *item = json_pack("{s:s, s:s, s:o, s:i}", "name", name, "tree", path, "of", strings(of), "max", max);
	json_array_append_new(items, item);
	return item;
}

static void ask_list(json_t *items, const char *name, const char *path, int max)
{
	json_array_append_new(items, json_pack("{s:s, s:s, s:i}", "name", name, "list", path, "max", max));
}

void facts_gpus_request(json_t *items)
{
	static const char *const pci[] = {"class",         "vendor",       "device",           "driver", "drm",
					  "local_cpulist", "product_name", "mem_busy_percent", NULL};
	static const char *const information[] = {"information", NULL}, *const mig[] = {"mig", NULL};
	static const char *const none[] = {NULL};
	json_object_set_new(ask_tree(items, "gpu.pci", "/sys/bus/pci/devices", pci, 4 * FACTS_CARDS_MAX), "where",
			    json_pack("{s:s, s:[s, s]}", "file", "class", "begins", "0x03", "0x12"));
	ask_tree(items, "gpu.nvidia", "/proc/driver/nvidia/gpus", information, FACTS_CARDS_MAX);
	ask_tree(items, "gpu.mig", "/proc/driver/nvidia/capabilities", mig, 2 * FACTS_CARDS_MAX);
	json_object_set_new(ask_tree(items, "gpu.dev", "/dev", none, 4 * FACTS_CARDS_MAX), "prefix",
			    json_pack("[s, s]", "nvidia", "kfd"));
	ask_list(items, "gpu.dri", "/dev/dri", 1000);
	static const char *const directories[] = {"/usr/lib/x86_64-linux-gnu/slurm-wlm",
						  "/usr/lib/aarch64-linux-gnu/slurm-wlm"};
	for (size_t i = 0; i < ARRAY_LEN(directories); i++)
		json_object_set_new(ask_tree(items, plugin_items[i], directories[i], none, 64), "prefix",
				    json_pack("[s]", "gpu_"));
	json_array_append_new(items, json_pack("{s:s, s:s, s:i}", "name", "gpu.online", "read",
					       "/sys/devices/system/cpu/online", "max", 65536));
}

const json_t *gpu_entries(const json_t *items, const char *name)
{
	return json_object_get(json_object_get(items, name), "entries");
}

const char *gpu_text(const json_t *entry, const char *key)
{
	return json_string_value(json_object_get(entry, key));
}

unsigned facts_gpu_plugins_decode(const json_t *items)
{
	unsigned found = 0;
	for (size_t i = 0; i < ARRAY_LEN(plugin_items) * GPU_PLUGINS; i++) {
		char name[32];
		snprintf(name, sizeof name, "gpu_%s.so", plugins[i % GPU_PLUGINS]);
		if (json_object_get(gpu_entries(items, plugin_items[i / GPU_PLUGINS]), name))
			found |= 1U << i % GPU_PLUGINS;
	}
	return found;
}

static bool same_line(const char *a, const char *b)
{
	size_t n = strcspn(a, "\n");
	return n == strcspn(b, "\n") && strncmp(a, b, n) == 0;
}

static bool has_instances(const json_t *items)
{
	const char *gpu, *name;
	json_t *entry, *inner;
	size_t i;
	json_object_foreach((json_t *)gpu_entries(items, "gpu.mig"), gpu, entry)
	    json_array_foreach(json_object_get(json_object_get(entry, "mig"), "names"), i, inner)
	{
		name = json_string_value(inner);
		if (name && str_starts(name, "gi"))
			return true;
	}
	return false;
}

static bool has_affinity(const json_t *items)
{
	const char *online = gpu_text(json_object_get(items, "gpu.online"), "text"), *address;
	json_t *card;
	json_object_foreach((json_t *)gpu_entries(items, "gpu.pci"), address, card)
	{
		const char *near = gpu_text(card, "local_cpulist");
		if (near && online && json_object_get(card, "driver") && !same_line(near, online))
			return true;
	}
	return false;
}

void facts_gpus_request_more(const json_t *items, json_t *more)
{
	static const char *const topology[] = {"topology/physical_package_id", "topology/core_id", NULL};
	static const char *const cpulist[] = {"cpulist", NULL};
	if (has_instances(items)) {
		json_array_append_new(more, json_pack("{s:s, s:[s, s, s], s:i, s:i}", "name", "gpu.instances", "run",
						      "nvidia-smi", "mig", "-lci", "max", 262144, "timeout", 20000));
		json_array_append_new(more, json_pack("{s:s, s:s, s:i}", "name", "gpu.minors", "read",
						      "/proc/driver/nvidia-caps/mig-minors", "max", 1 << 20));
		ask_list(more, "gpu.caps", "/dev/nvidia-caps", 10000);
	}
	if (has_affinity(items)) {
		json_object_set_new(ask_tree(more, "gpu.cpus", "/sys/devices/system/cpu", topology, 8192), "prefix",
				    json_pack("[s]", "cpu"));
		json_object_set_new(ask_tree(more, "gpu.nodes", "/sys/devices/system/node", cpulist, 256), "prefix",
				    json_pack("[s]", "node"));
	}
}

bool gpu_names_have(const json_t *item, const char *name)
{
	size_t i;
	const json_t *one;
	json_array_foreach(json_object_get(item, "names"), i, one)
	{
		if (str_same(json_string_value(one), name))
			return true;
	}
	return false;
}

bool facts_gpu_is_type(const char *s)
{
	return s && isalnum((unsigned char)*s) && strlen(s) <= FACTS_GPU_TYPE_MAX &&
	       !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._+-")];
}

static bool is_file(const char *s, size_t len)
{
	static const char *const before[] = {"/dev/nvidia-caps/nvidia-cap", "/dev/nvidia", "/dev/dri/renderD"};
	for (size_t i = 0; i < ARRAY_LEN(before); i++) {
		size_t n = strlen(before[i]);
		if (len > n && len <= n + 6 && strncmp(s, before[i], n) == 0 && strspn(s + n, "0123456789") >= len - n)
			return true;
	}
	return false;
}

bool facts_gpu_are_files(const char *s)
{
	size_t count = 0;
	for (const char *p = s;; p++) {
		size_t len = strcspn(p, ",");
		if (!is_file(p, len) || ++count > 3)
			return false;
		p += len;
		if (!*p)
			return true;
	}
}

bool facts_gpu_are_cores(const char *s)
{
	return isdigit((unsigned char)*s) && strlen(s) <= 4096 && !s[strspn(s, "0123456789,-")];
}

const char *gpu_type_of(struct arena *arena, const char *name)
{
	if (!name)
		return NULL;
	name += strspn(name, " \t");
	char *type = arena_strndup(arena, name, strcspn(name, "\n"));
	size_t len = strlen(type);
	while (len && isspace((unsigned char)type[len - 1]))
		type[--len] = '\0';
	for (char *p = type; *p; p++)
		*p = *p == ' ' ? '_' : (char)tolower((unsigned char)*p);
	return facts_gpu_is_type(type) ? type : NULL;
}

/* A number of four hexadecimal digits behind "0x", as sysfs writes vendor and device. */
static bool is_id(const char *s)
{
	return s && str_starts(s, "0x") && strspn(s + 2, "0123456789abcdef") == 4 && (!s[6] || s[6] == '\n');
}

/* DOMAIN:BUS:DEVICE.FUNCTION, as the kernel names a PCI device. */
static bool is_address(const char *s)
{
	static const struct {
		size_t digits;
		char end;
	} parts[] = {{8, ':'}, {2, ':'}, {2, '.'}, {1, '\0'}};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++, s++) {
		size_t len = strspn(s, "0123456789abcdef");
		if (!len || len > parts[i].digits || s[len] != parts[i].end)
			return false;
		s += len;
	}
	return true;
}

int gpu_add(struct gpu_reader *r, const struct facts_gpu *gpu)
{
	if (r->out->len == FACTS_GPUS_MAX)
		return err_set(r->err, ERR_PROTOCOL, "it says it has more than %d GPUs", FACTS_GPUS_MAX);
	if (!r->out->items)
		r->out->items = arena_calloc(r->arena, FACTS_GPUS_MAX, sizeof *r->out->items);
	r->out->items[r->out->len++] = *gpu;
	return 0;
}

/* What sysfs does not name. From the vendors' lists of products (pci-ids.ucw.cz); Intel's without "intel(r)_", which no
 * Gres= can hold: a part of AutoDetect's name is as good (gres.conf(5), Type). */
static const struct {
	const char *vendor, *device, *type;
} known[] = {
    {"0x1002", "0x738c", "amd_instinct_mi100"},       {"0x1002", "0x7408", "amd_instinct_mi250x"},
    {"0x1002", "0x740c", "amd_instinct_mi250"},       {"0x1002", "0x740f", "amd_instinct_mi210"},
    {"0x1002", "0x74a0", "amd_instinct_mi300a"},      {"0x1002", "0x74a1", "amd_instinct_mi300x"},
    {"0x8086", "0x0bd5", "data_center_gpu_max_1550"}, {"0x8086", "0x0bda", "data_center_gpu_max_1100"},
    {"0x8086", "0x56c0", "data_center_gpu_flex_170"}, {"0x8086", "0x56c1", "data_center_gpu_flex_140"},
};

static const struct {
	const char *id, *name, *drivers[2];
} vendors[] = {
    [GPU_NVIDIA] = {"0x10de", "nvidia", {"nvidia", NULL}},
    [GPU_AMD] = {"0x1002", "amd", {"amdgpu", NULL}},
    [GPU_INTEL] = {"0x8086", "intel", {"i915", "xe"}},
};

static const char *type_by_ids(struct arena *arena, enum facts_gpu_vendor vendor, const char *device)
{
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (streq(known[i].vendor, vendors[vendor].id) && strncmp(known[i].device, device, 6) == 0)
			return known[i].type;
	return arena_printf(arena, "%s_%.4s", vendors[vendor].name, device + 2);
}

static const char *render_node(const json_t *card)
{
	size_t i;
	const json_t *one;
	json_array_foreach(json_object_get(json_object_get(card, "drm"), "names"), i, one)
	{
		const char *name = json_string_value(one);
		if (name && str_starts(name, "renderD") && name[7] && strlen(name) <= 13 &&
		    !name[7 + strspn(name + 7, "0123456789")])
			return name;
	}
	return NULL;
}

static int decode_render(struct gpu_reader *r, struct facts_gpu *gpu, const json_t *card)
{
	const char *node = render_node(card), *type = NULL;
	if (!node) {
		gpu->state = GPU_NOT_UP;
		return gpu_add(r, gpu);
	}
	if (gpu->vendor == GPU_AMD)
		type = gpu_type_of(r->arena, gpu_text(card, "product_name"));
	gpu->type = type ? type : type_by_ids(r->arena, gpu->vendor, gpu_text(card, "device"));
	gpu->files = arena_printf(r->arena, "/dev/dri/%s", node);
	if (!gpu_names_have(json_object_get(r->items, "gpu.dri"), node))
		gpu->missing = gpu->files;
	else if (gpu->vendor == GPU_AMD && !json_object_get(gpu_entries(r->items, "gpu.dev"), "kfd"))
		gpu->missing = "/dev/kfd";
	gpu->state = gpu->missing ? GPU_NO_FILE : GPU_READY;
	return gpu_add(r, gpu);
}

static bool is_builtin(const struct facts_gpu *gpu, const json_t *card)
{
	const char *colon = strchr(gpu->address, ':');
	if (gpu->vendor == GPU_INTEL)
		return str_starts(colon, ":00:");
	return gpu->vendor == GPU_AMD && str_starts(gpu_text(card, "class"), "0x0300") &&
	       !gpu_text(card, "product_name") && !gpu_text(card, "mem_busy_percent");
}

static int decode_card(struct gpu_reader *r, const char *address, const json_t *card, unsigned *nvidia)
{
	const char *vendor = gpu_text(card, "vendor"), *near = gpu_text(card, "local_cpulist");
	struct facts_gpu gpu = {.address = address};
	size_t v = 0;
	if (!is_address(address) || !is_id(vendor) || !is_id(gpu_text(card, "device")) || !gpu_text(card, "class"))
		return err_set(r->err, ERR_PROTOCOL, "a device of its PCI bus is malformed");
	while (v < ARRAY_LEN(vendors) && strncmp(vendor, vendors[v].id, 6) != 0)
		v++;
	if (v == ARRAY_LEN(vendors))
		return 0;
	gpu.vendor = (enum facts_gpu_vendor)v;
	if (is_builtin(&gpu, card))
		return 0;
	if (r->cards++ == FACTS_CARDS_MAX)
		return err_set(r->err, ERR_PROTOCOL, "it says it has more than %d GPUs", FACTS_CARDS_MAX);
	const char *driver = json_string_value(json_object_get(json_object_get(card, "driver"), "link"));
	if (driver) {
		const char *slash = strrchr(driver, '/');
		gpu.driver = arena_strdup(r->arena, slash ? slash + 1 : driver);
		if (!str_is_name(gpu.driver, 63))
			return err_set(r->err, ERR_PROTOCOL, "the driver of %s is malformed", address);
	}
	if (!driver || !(streq(gpu.driver, vendors[v].drivers[0]) ||
			 (vendors[v].drivers[1] && streq(gpu.driver, vendors[v].drivers[1])))) {
		gpu.state = GPU_NO_DRIVER;
		return gpu_add(r, &gpu);
	}
	if (near) {
		char *list = arena_strndup(r->arena, near, strcspn(near, "\n"));
		if (*list && !facts_gpu_are_cores(list))
			return err_set(r->err, ERR_PROTOCOL, "the CPUs near %s are malformed", address);
		gpu.cores = *list ? gpu_cpus_cores(r->cpus, list, r->arena) : NULL;
	}
	if (gpu.vendor != GPU_NVIDIA)
		return decode_render(r, &gpu, card);
	return gpu_nvidia_decode(r, &gpu, (*nvidia)++);
}

static int by_address(const void *a, const void *b)
{
	const char *x = *(const char *const *)a, *y = *(const char *const *)b;
	size_t n = strcspn(x, ":"), m = strcspn(y, ":");
	return n != m ? (n < m ? -1 : 1) : strcmp(x, y);
}

/* Not there is an answer; not readable is none, and a missing one neither. */
static int check_answered(const json_t *items, struct err *err)
{
	static const char *const trees[] = {"gpu.pci", "gpu.nvidia", "gpu.mig", "gpu.dev"};
	for (size_t i = 0; i < ARRAY_LEN(trees); i++) {
		const json_t *item = json_object_get(items, trees[i]);
		json_int_t sys = json_integer_value(json_object_get(item, "errno"));
		if (!json_is_object(json_object_get(item, "entries")) && sys != ENOENT)
			return err_set(err, ERR_PROTOCOL, "it did not say what is in its %s%s", trees[i],
				       sys == EFBIG ? ": more than can be" : "");
	}
	return 0;
}

int facts_gpus_decode(const json_t *items, unsigned cores, struct arena *arena, struct facts_gpus *ret, struct err *err)
{
	_cleanup_arena_ struct arena *scratch = arena_new();
	struct facts_gpus out = {0};
	struct gpu_reader r = {.items = items, .arena = arena, .err = err, .out = &out};
	json_t *cards = (json_t *)gpu_entries(items, "gpu.pci"), *card;
	const char **addresses = arena_calloc(arena, json_object_size(cards) + 1, sizeof *addresses), *address;
	size_t n = 0;
	unsigned nvidia = 0;
	if (check_answered(items, err) < 0)
		return -1;
	json_object_foreach(cards, address, card) addresses[n++] = arena_strdup(arena, address);
	if (n) /* a table of all CPUs there can be: not for hosts that have nothing to place, and not kept */
		r.cpus = gpu_cpus_decode(items, cores, scratch);
	qsort(addresses, n, sizeof *addresses, by_address);
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = decode_card(&r, addresses[i], json_object_get(cards, addresses[i]), &nvidia);
	map_free(&r.minors);
	if (rc == 0)
		*ret = out;
	return rc;
}
