/*
 * From machines to Slurm's files: each node-CASE holds a cluster.yaml and for each host HOST.tree, which describes its
 * /sys, /proc, /dev and programs. The tree is made on disk, the real agent answers the real questions from it, and the
 * facts, the findings and the files that come of it are compared with expect.txt. With UPDATE set it is written.
 *
 * Lines of a tree; text knows \n and \t and gets a newline:
 *	/path = text            a file                  /path -> target    a link
 *	/path $ text            a program that prints   /path !            a program that fails
 *	@cpus SOCKETS CORES THREADS NODES               CPUs numbered as firmwares do: threads last, NUMA nodes a socket
 *	@pci ADDRESS CLASS VENDOR DEVICE DRIVER CPUS    a PCI device; DRIVER "-": none
 *	@drm ADDRESS N                                  its cardN and renderD(128+N), in /sys and /dev
 *	@nvidia ADDRESS MINOR MODEL                     what NVIDIA's driver says of it, and its file
 */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "facts/facts.h"
#include "model/cluster.h"
#include "model/gpus.h"
#include "modules/core/core.h"
#include "modules/module.h"

static void die(const char *what, const char *of)
{
	fprintf(stderr, "%s: %s: %s\n", what, of, strerror(errno));
	exit(1);
}

static char *read_file(struct arena *a, const char *path)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	struct err err = {0};
	return file_read(path, 1 << 20, &text, &err) < 0 ? NULL : arena_strndup(a, strbuf_str(&text), text.len);
}

static void make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			die("mkdir", path);
		*p = '/';
	}
}

static void put(struct arena *a, const char *root, const char *path, const char *text, mode_t mode)
{
	char *full = arena_printf(a, "%s%s", root, path);
	make_parents(full);
	FILE *f = fopen(full, "w");
	if (!f)
		die("open", full);
	fputs(text, f);
	fclose(f);
	chmod(full, mode);
}

static void put_link(struct arena *a, const char *root, const char *path, const char *target)
{
	char *full = arena_printf(a, "%s%s", root, path);
	make_parents(full);
	if (symlink(target, full) < 0 && errno != EEXIST)
		die("link", full);
}

static char *unescape(char *text)
{
	char *to = text;
	for (const char *p = text; *p; p++)
		if (*p == '\\' && (p[1] == 'n' || p[1] == 't'))
			*to++ = *++p == 'n' ? '\n' : '\t';
		else
			*to++ = *p;
	*to = '\0';
	return text;
}

static void put_cpus(struct arena *a, const char *root, const char *args)
{
	unsigned sockets, cores, threads, nodes;
	if (sscanf(args, "%u %u %u %u", &sockets, &cores, &threads, &nodes) != 4)
		die("@cpus", args);
	unsigned all = sockets * cores, per_node = cores / nodes;
	for (unsigned i = 0; i < all * threads; i++) {
		const char *base = arena_printf(a, "/sys/devices/system/cpu/cpu%u/topology", i);
		put(a, root, arena_printf(a, "%s/physical_package_id", base), arena_printf(a, "%u\n", i % all / cores),
		    0644);
		put(a, root, arena_printf(a, "%s/core_id", base), arena_printf(a, "%u\n", i % all % cores), 0644);
	}
	for (unsigned n = 0; n < sockets * nodes; n++) {
		_cleanup_strbuf_ struct strbuf list = {0};
		for (unsigned t = 0; t < threads; t++)
			strbuf_addf(&list, "%s%u-%u", t ? "," : "", t * all + n * per_node,
				    t * all + (n + 1) * per_node - 1);
		strbuf_addc(&list, '\n');
		put(a, root, arena_printf(a, "/sys/devices/system/node/node%u/cpulist", n), strbuf_str(&list), 0644);
	}
	put(a, root, "/sys/devices/system/cpu/online", arena_printf(a, "0-%u\n", all * threads - 1), 0644);
	put(a, root, "/bin/slurmd",
	    arena_printf(a,
			 "#!/bin/sh\necho NodeName=x CPUs=%u Boards=1 SocketsPerBoard=%u CoresPerSocket=%u "
			 "ThreadsPerCore=%u RealMemory=64000\n",
			 all * threads, sockets, cores, threads),
	    0755);
}

static void put_pci(struct arena *a, const char *root, const char *args)
{
	char address[32], class[16], vendor[16], device[16], driver[32], cpus[256];
	if (sscanf(args, "%31s %15s %15s %15s %31s %255s", address, class, vendor, device, driver, cpus) != 6)
		die("@pci", args);
	const char *at = arena_printf(a, "/sys/devices/pci%.7s/%s", address, address);
	const struct {
		const char *name, *text;
	} files[] = {{"class", class}, {"vendor", vendor}, {"device", device}, {"local_cpulist", cpus}};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		put(a, root, arena_printf(a, "%s/%s", at, files[i].name), arena_printf(a, "%s\n", files[i].text), 0644);
	if (!streq(driver, "-"))
		put_link(a, root, arena_printf(a, "%s/driver", at),
			 arena_printf(a, "../../../bus/pci/drivers/%s", driver));
	put_link(a, root, arena_printf(a, "/sys/bus/pci/devices/%s", address),
		 arena_printf(a, "../../../devices/pci%.7s/%s", address, address));
}

static void put_drm(struct arena *a, const char *root, const char *args)
{
	char address[32];
	unsigned n;
	if (sscanf(args, "%31s %u", address, &n) != 2)
		die("@drm", args);
	const char *at = arena_printf(a, "/sys/devices/pci%.7s/%s/drm", address, address);
	put(a, root, arena_printf(a, "%s/card%u/dev", at, n), "226:0\n", 0644);
	put(a, root, arena_printf(a, "%s/renderD%u/dev", at, n + 128), "226:128\n", 0644);
	put(a, root, arena_printf(a, "/dev/dri/card%u", n), "", 0660);
	put(a, root, arena_printf(a, "/dev/dri/renderD%u", n + 128), "", 0660);
}

static void put_nvidia(struct arena *a, const char *root, const char *args)
{
	char address[32], model[128];
	unsigned minor;
	if (sscanf(args, "%31s %u %127[^\n]", address, &minor, model) != 3)
		die("@nvidia", args);
	put(a, root, arena_printf(a, "/proc/driver/nvidia/gpus/%s/information", address),
	    arena_printf(a,
			 "Model: \t\t %s\nIRQ:   \t\t 77\nGPU UUID: \t GPU-eaf23aa1-0000-0000-0000-%012u\n"
			 "Video BIOS: \t 92.00.45.00.03\nBus Type: \t PCIe\nDMA Size: \t 47 bits\nDMA Mask: \t "
			 "0x7fffffffffff\nBus Location: \t %s\nDevice Minor: \t %u\nGPU Excluded:\t No\n",
			 model, minor, address, minor),
	    0444);
	put(a, root, arena_printf(a, "/dev/nvidia%u", minor), "", 0666);
}

static void put_line(struct arena *a, const char *root, char *line)
{
	static const struct {
		const char *word;
		void (*put)(struct arena *a, const char *root, const char *args);
	} directives[] = {{"@cpus ", put_cpus}, {"@pci ", put_pci}, {"@drm ", put_drm}, {"@nvidia ", put_nvidia}};
	if (!*line || *line == '#')
		return;
	for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
		if (str_starts(line, directives[i].word)) {
			directives[i].put(a, root, line + strlen(directives[i].word));
			return;
		}
	char *space = strchr(line, ' ');
	if (*line != '/' || !space)
		die("not a line of a tree", line);
	*space++ = '\0';
	if (str_starts(space, "= "))
		put(a, root, line, arena_printf(a, "%s\n", unescape(space + 2)), 0644);
	else if (str_starts(space, "-> "))
		put_link(a, root, line, space + 3);
	else if (str_starts(space, "$ "))
		put(a, root, line, arena_printf(a, "#!/bin/sh\ncat <<'END'\n%s\nEND\n", unescape(space + 2)), 0755);
	else if (streq(space, "!"))
		put(a, root, line, "#!/bin/sh\nexit 1\n", 0755);
	else
		die("not a line of a tree", line);
}

static void put_tree(struct arena *a, const char *root, const char *path)
{
	char *rest = read_file(a, path);
	if (!rest)
		die("read", path);
	for (char *line; (line = str_next_line(&rest));)
		put_line(a, root, line);
}

static json_t *read_message(int fd)
{
	unsigned char head[5];
	for (size_t n = 0; n < sizeof head;) {
		ssize_t r = read(fd, head + n, sizeof head - n);
		if (r <= 0)
			die("the agent", "ended");
		n += (size_t)r;
	}
	size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
	_cleanup_free_ char *text = xcalloc(len + 1, 1);
	for (size_t n = 0; n < len;) {
		ssize_t r = read(fd, text + n, len - n);
		if (r <= 0)
			die("the agent", "ended");
		n += (size_t)r;
	}
	return head[4] == 'M' ? json_loadb(text, len, 0, NULL) : read_message(fd);
}

static void send_message(int fd, json_t *message)
{
	_cleanup_free_ char *text = json_dumps(message, 0);
	size_t len = strlen(text);
	unsigned char head[] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16), (unsigned char)(len >> 8),
				(unsigned char)len, 'M'};
	if (fd_write_all(fd, head, sizeof head) < 0 || fd_write_all(fd, text, len) < 0)
		die("the agent", "ended");
	json_decref(message);
}

/* The answer to a collect, which the caller owns. */
static json_t *ask(int to, int from, int id, json_t *items)
{
	send_message(to, json_pack("{s:i, s:s, s:o}", "id", id, "verb", "collect", "items", items));
	json_t *message = read_message(from), *ok = json_incref(json_object_get(message, "ok"));
	if (!ok)
		die("collect", json_dumps(message, 0));
	json_decref(message);
	return ok;
}

static const struct facts *facts_of(struct arena *a, const char *agent, const char *root,
				    const struct facts_scope *scope, struct err *err)
{
	int to[2], from[2];
	if (pipe(to) < 0 || pipe(from) < 0)
		die("pipe", root);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		setenv("REEVE_ROOT", root, 1);
		execl(agent, agent, (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	json_decref(read_message(from[0]));
	json_t *answer = ask(to[1], from[0], 1, facts_request(scope));
	json_t *items = facts_request_more(answer, scope);
	if (items) {
		json_t *more = ask(to[1], from[0], 2, items);
		json_object_update(json_object_get(answer, "items"), json_object_get(more, "items"));
		json_decref(more);
	}
	send_message(to[1], json_pack("{s:i, s:s}", "id", 3, "verb", "bye"));
	json_decref(read_message(from[0]));
	int status;
	close(to[1]);
	if (waitpid(pid, &status, 0) < 0 || status)
		die("the agent ended badly", root);
	close(from[0]);
	const struct facts *f = facts_decode(answer, scope, "x86_64", 0, 1, a, err);
	json_decref(answer);
	return f;
}

static void print_gpus(struct strbuf *out, const char *host, const struct facts *f)
{
	for (size_t i = 0; i < f->gpus.len; i++) {
		const struct facts_gpu *g = &f->gpus.items[i];
		strbuf_addf(out, "%s %s %s %s files=%s cores=%s driver=%s missing=%s\n", host, g->address,
			    facts_gpu_state_name(g->state), g->type ? g->type : "-", g->files ? g->files : "-",
			    g->cores ? g->cores : "-", g->driver ? g->driver : "-", g->missing ? g->missing : "-");
	}
	for (unsigned i = 0; i < GPU_PLUGINS; i++)
		if (f->gpu_plugins & 1U << i)
			strbuf_addf(out, "%s AutoDetect could be %s\n", host, facts_gpu_plugin_name(i));
}

static void print_lines(struct strbuf *out, struct arena *a, const char *text, const char *const *prefixes)
{
	char *rest = arena_strdup(a, text);
	for (char *line; rest && (line = str_next_line(&rest));)
		for (const char *const *p = prefixes; *p; p++)
			if (str_starts(line, *p))
				strbuf_addf(out, "%s\n", line);
}

static void print_cluster(struct strbuf *out, struct arena *a, const struct cluster *c)
{
	static const char *const parts[] = {"GresTypes=", "AccountingStorageTRES=", "NodeName=", NULL};
	strbuf_adds(out, "\nfindings\n");
	for (size_t i = 0; i < c->findings.len; i++) {
		const struct finding *f = &c->findings.items[i];
		strbuf_addf(out, "%s %s %s: %s\n\t%s\n", finding_weight_name(f->weight), f->code,
			    f->host ? f->host : "-", f->what, f->fix ? f->fix : "-");
	}
	strbuf_adds(out, "\nslurm.conf\n");
	print_lines(out, a, core_slurm_conf(c), parts);
	strbuf_addf(out, "\ncgroup.conf\n%s\ngres.conf\n%s", core_cgroup_conf(c),
		    core_gres_conf(c) ? core_gres_conf(c) : "(none)\n");
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static void run_case(struct arena *a, const char *agent, const char *golden, const char *dir, struct strbuf *out)
{
	struct diags diags = {0};
	struct err err = {0};
	char salt[65];
	const char *path = arena_printf(a, "%s/cluster.yaml", dir), *yaml = read_file(a, path);
	if (!yaml)
		die("read", path);
	struct inventory *inv = inventory_parse(path, yaml, strlen(yaml), module_sections, &diags, a, &err);
	if (!inv)
		die(path, err.text);
	const struct facts **facts = arena_calloc(a, inv->host_count, sizeof *facts);
	const char **unreached = arena_calloc(a, inv->host_count, sizeof *unreached);
	cluster_salt(inv->cluster.text, salt);
	for (size_t i = 0; i < inv->host_count; i++) {
		const struct inv_host *h = &inv->hosts[i];
		char root[] = "/tmp/reeve-golden-XXXXXX";
		struct facts_scope scope = {
		    .roles = module_roles,
		    .controller = h->controller,
		    .compute = h->compute,
		    .secrets = modules_secrets(inv, a),
		    .host = h,
		    .salt = salt,
		};
		if (!mkdtemp(root))
			die("mkdtemp", root);
		put_tree(a, root, arena_printf(a, "%s/common.tree", golden));
		put_tree(a, root, arena_printf(a, "%s/%s.tree", dir, h->name));
		put(a, root, "/proc/sys/kernel/hostname", arena_printf(a, "%s\n", h->name), 0644);
		struct err why = {0};
		facts[i] = facts_of(a, agent, root, &scope, &why);
		if (facts[i]) {
			print_gpus(out, h->name, facts[i]);
		} else {
			unreached[i] = arena_strdup(a, why.text);
			strbuf_addf(out, "%s refused: %s\n", h->name, why.text);
		}
		nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	}
	struct cluster_options options = {.secrets = modules_secrets(inv, a)};
	print_cluster(out, a, cluster_resolve(inv, facts, unreached, &options, modules_settle, a));
	diags_free(&diags);
}

static int only_cases(const struct dirent *entry)
{
	return str_starts(entry->d_name, "node-");
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int failed = 0, cases = argc == 3 ? scandir(argv[2], &entries, only_cases, alphasort) : -1;
	if (cases <= 0) {
		fprintf(stderr, "usage: %s AGENT GOLDEN-DIRECTORY; no cases found\n", argv[0]);
		return 2;
	}
	for (int i = 0; i < cases; i++) {
		_cleanup_arena_ struct arena *a = arena_new();
		_cleanup_strbuf_ struct strbuf out = {0};
		const char *name = entries[i]->d_name, *dir = arena_printf(a, "%s/%s", argv[2], name);
		const char *path = arena_printf(a, "%s/expect.txt", dir);
		struct err err = {0};
		run_case(a, argv[1], argv[2], dir, &out);
		if (getenv("UPDATE"))
			file_write_atomic(path, strbuf_str(&out), out.len, 0644, &err);
		const char *expected = read_file(a, path);
		bool same = expected && streq(expected, strbuf_str(&out));
		printf(same ? "ok %s\n" : "not ok %s\n", name);
		if (!same)
			printf("--- printed\n%s---\n", strbuf_str(&out));
		failed |= !same;
		free(entries[i]);
	}
	free(entries);
	return failed;
}
