#include "transport/ssh.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "base/vec.h"

/*
 * A socket is DIR/KEY-%C: KEY tells which of our hosts it belongs to without asking ssh; %C, ssh's own hash of where it
 * really connects to, keeps a changed ssh_config from leading into an old connection. While it is made, ssh adds 17
 * bytes.
 */
enum { KEY_LEN = 12, SOCKET_NAME = 1 + KEY_LEN + 1 + 40 + 17 };

int ssh_control_dir_check(const char *dir, struct err *err)
{
	struct stat st;
	if (strlen(dir) + SOCKET_NAME >= sizeof((struct sockaddr_un *)0)->sun_path)
		return err_set(err, ERR_LIMIT, "%s is too long for the path of a socket", dir);
	if (strpbrk(dir, "%\" \\$"))
		return err_set(err, ERR_INPUT, "%s holds characters that ssh would expand", dir);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return err_system(err, errno, "cannot make %s", dir);
	if (lstat(dir, &st) < 0)
		return err_system(err, errno, "%s", dir);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 077))
		return err_set(err, ERR_REFUSED, "%s is not a directory of this user alone", dir);
	return 0;
}

const char *ssh_control_dir(struct arena *arena, struct err *err)
{
	char *candidates[3];
	size_t count = 0;
	candidates[count++] = arena_printf(arena, "/run/user/%u/reeve", (unsigned)geteuid());
	if (geteuid() == 0)
		candidates[count++] = arena_strdup(arena, "/run/reeve-ssh");
	candidates[count++] = arena_printf(arena, "/tmp/reeve-%u", (unsigned)geteuid());
	for (size_t i = 0; i < count; i++)
		if (ssh_control_dir_check(candidates[i], err) == 0)
			return candidates[i];
	err_wrap(err, "no directory for kept connections");
	return NULL;
}

static void master_key(const struct ssh *ssh, const struct ssh_dest *dest, char out[KEY_LEN + 1])
{
	_cleanup_free_ char *text = xasprintf("%s\n%s\n%s\n%u", ssh->config ? ssh->config : "",
					      dest->user ? dest->user : "", dest->host, dest->port);
	struct digest digest = digest_of(text, strlen(text));
	memcpy(out, digest.hex, KEY_LEN);
	out[KEY_LEN] = '\0';
}

static size_t each_master(const struct ssh *ssh, const struct ssh_dest *dest, bool forget)
{
	char key[KEY_LEN + 1];
	size_t found = 0;
	if (!ssh->control_dir)
		return 0;
	DIR *dir = opendir(ssh->control_dir);
	if (!dir)
		return 0;
	master_key(ssh, dest, key);
	for (struct dirent *entry; (entry = readdir(dir));)
		if (str_starts(entry->d_name, key) && entry->d_name[KEY_LEN] == '-') {
			found++;
			if (forget)
				unlinkat(dirfd(dir), entry->d_name, 0);
		}
	closedir(dir);
	return found;
}

bool ssh_has_master(const struct ssh *ssh, const struct ssh_dest *dest)
{
	return each_master(ssh, dest, false) > 0;
}

void ssh_forget_master(const struct ssh *ssh, const struct ssh_dest *dest)
{
	each_master(ssh, dest, true);
}

/* ssh takes the first value that it is given for an option (ssh_config(5)): what is added goes before the user's. */
struct ssh_line {
	struct arena *arena;
	VEC(char *) argv;
};

static void add(struct ssh_line *l, const char *text)
{
	*vec_push_in(l->arena, &l->argv) = (char *)text;
}

static void add_option(struct ssh_line *l, const char *text)
{
	add(l, "-o");
	add(l, text);
}

/* A host is its key in a file of known hosts, and nothing else. */
static void add_trust(struct ssh_line *l, const struct ssh *ssh)
{
	static const char *const options[] = {
	    "IgnoreUnknown=*", /* some of the following are Debian's, or new */
	    "StrictHostKeyChecking=yes",
	    "UpdateHostKeys=no",
	    "VerifyHostKeyDNS=no",
	    "KnownHostsCommand=none",
	    "NoHostAuthenticationForLocalhost=no",
	    "GSSAPIKeyExchange=no",
	    "GSSAPITrustDns=no",
	};
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		add_option(l, options[i]);
	/* as a global file, so that the user's own UserKnownHostsFile stays what it is */
	if (ssh->known_hosts)
		add_option(
		    l, arena_printf(l->arena,
				    "GlobalKnownHostsFile=/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2 \"%s\"",
				    ssh->known_hosts));
}

static void add_dest(struct ssh_line *l, const struct ssh_dest *dest)
{
	if (dest->user) {
		add(l, "-l");
		add(l, dest->user);
	}
	if (dest->port) {
		add(l, "-p");
		add(l, arena_printf(l->arena, "%u", dest->port));
	}
	add(l, "--");
	add(l, dest->host);
}

static struct ssh_line begin(const struct ssh *ssh, struct arena *arena)
{
	struct ssh_line l = {.arena = arena};
	add(&l, ssh->program);
	if (ssh->config) {
		add(&l, "-F");
		add(&l, ssh->config);
	}
	return l;
}

static char **end(struct ssh_line *l)
{
	add(l, NULL);
	return l->argv.items;
}

char **ssh_argv(const struct ssh *ssh, const struct ssh_dest *dest, const char *command, bool keep, struct arena *arena)
{
	static const char *const options[] = {
	    "RemoteCommand=none",
	    "SessionType=default",
	    "StdinNull=no",
	    "ForkAfterAuthentication=no",
	    "PermitLocalCommand=no",
	    /* nothing of the operator's goes to a host */
	    "ClearAllForwardings=yes",
	    "ForwardAgent=no",
	    "ForwardX11=no",
	    "Tunnel=no",
	    "GSSAPIDelegateCredentials=no",
	    "SetEnv=REEVE=1",
	    "AddKeysToAgent=no",
	    "HostbasedAuthentication=no",
	    "EscapeChar=none",
	    "ServerAliveInterval=5",
	    "ServerAliveCountMax=3",
	    "TCPKeepAlive=yes",
	    "ConnectionAttempts=1",
	    "BatchMode=yes",
	    "PasswordAuthentication=no",
	    "KbdInteractiveAuthentication=no",
	    "LogLevel=ERROR",
	};
	struct ssh_line l = begin(ssh, arena);
	add(&l, "-T");
	add_trust(&l, ssh);
	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		add_option(&l, options[i]);
	add_option(&l, arena_printf(arena, "ConnectTimeout=%u", ssh->connect_timeout_s));
	if (keep && ssh->control_dir) {
		char key[KEY_LEN + 1];
		master_key(ssh, dest, key);
		add_option(&l, "ControlMaster=auto");
		add_option(&l, arena_printf(arena, "ControlPath=%s/%s-%%C", ssh->control_dir, key));
		add_option(&l, arena_printf(arena, "ControlPersist=%d", SSH_PERSIST_S));
	} else {
		add_option(&l, "ControlMaster=no");
		add_option(&l, "ControlPath=none");
	}
	add_dest(&l, dest);
	add(&l, command);
	return end(&l);
}

char **ssh_login_argv(const struct ssh *ssh, const struct ssh_dest *dest, char *const *command, struct arena *arena)
{
	struct ssh_line l = begin(ssh, arena);
	add_trust(&l, ssh);
	add_dest(&l, dest);
	for (; *command; command++)
		add(&l, *command);
	return end(&l);
}

char *ssh_quote(const char *text, struct arena *arena)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./_-";
	_cleanup_strbuf_ struct strbuf out = {0};
	if (*text && strspn(text, plain) == strlen(text))
		return arena_strdup(arena, text);
	strbuf_addc(&out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			strbuf_adds(&out, "'\\''");
		else
			strbuf_addc(&out, *text);
	strbuf_addc(&out, '\'');
	return arena_strndup(arena, out.data, out.len);
}

char **ssh_config_argv(const struct ssh *ssh, const struct ssh_dest *dest, struct arena *arena)
{
	char **base = ssh_argv(ssh, dest, "exit", false, arena);
	size_t count = 0;
	while (base[count])
		count++;
	char **argv = arena_calloc(arena, count + 2, sizeof *argv);
	argv[0] = base[0];
	argv[1] = arena_strdup(arena, "-G");
	memcpy(argv + 2, base + 1, (count - 1) * sizeof *argv);
	return argv;
}
