/*
 * fake-host: all programs that reeve's agent calls on a healthy host of the bench, in one small static program, by the
 * name it is called by. It answers from files below $REEVE_ROOT/fake (bench/catalogs.c makes them): what is measured is
 * reeve, and as little as can be of what stands in for a host.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Copies the file to standard output; false where there is none. */
static int show(const char *name)
{
	char path[4096], bytes[65536];
	snprintf(path, sizeof path, "%s/fake/%s", getenv("REEVE_ROOT"), name);
	FILE *f = fopen(path, "r");
	if (!f)
		return 0;
	for (size_t n; (n = fread(bytes, 1, sizeof bytes, f));)
		fwrite(bytes, 1, n, stdout);
	fclose(f);
	return 1;
}

/* A unit that is up, started just now: newer than every file. slurmctld only where a slurmctld answers. */
static void unit(const char *name, int first)
{
	char path[4096];
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	long long us = now.tv_sec * 1000000LL + now.tv_nsec / 1000;
	snprintf(path, sizeof path, "%s/fake/squeue", getenv("REEVE_ROOT"));
	int up = strcmp(name, "slurmctld.service") != 0 || access(path, F_OK) == 0;
	printf("%sId=%s\nLoadState=%s\nActiveState=%s\nSubState=%s\nUnitFileState=%s\nResult=success\n"
	       "NeedDaemonReload=no\nMainPID=%d\nExecMainStartTimestampMonotonic=%lld\n"
	       "ActiveEnterTimestampMonotonic=%lld\n",
	       first ? "" : "\n", name, up ? "loaded" : "not-found", up ? "active" : "inactive",
	       up ? "running" : "dead", up ? "enabled" : "", up ? 1 : 0, up ? us : 0, up ? us : 0);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	char file[256];
	if (!getenv("REEVE_ROOT"))
		return 99;
	if (strcmp(name, "systemctl") == 0) {
		int shown = 0;
		for (int i = 2; i < argc; i++)
			if (argv[i][0] != '-' && strstr(argv[i], ".service"))
				unit(argv[i], !shown++);
		return argc > 1 && strcmp(argv[1], "show") == 0 ? 0 : 1;
	}
	/* -s hosts:files ahosts ...; fake00250 is 10.32.0.250, as measure.py has it. */
	if (strcmp(name, "getent") == 0 && argc > 4 && strncmp(argv[4], "fake", 4) == 0) {
		int failed = 0;
		for (int k = 4; k < argc; k++) {
			int i = atoi(argv[k] + 4);
			failed |= printf("10.%d.%d.%d STREAM %s\n", 32 + i / 50000, i / 250 % 250, 1 + i % 250,
					 argv[k]) < 0;
		}
		return failed;
	}
	if (strcmp(name, "munge") == 0)
		return puts("MUNGE:AwQFAAAbench:") < 0;
	if (strcmp(name, "unmunge") == 0)
		return puts("STATUS:          Success (0)") < 0;
	if (strcmp(name, "scontrol") == 0 && argc > 1) {
		snprintf(file, sizeof file, "scontrol.%s",
			 argc > 2 && strcmp(argv[1], "show") == 0 ? argv[2] : argv[1]);
		name = file;
	}
	return show(name) || strcmp(name, "scontrol.update") == 0 ? 0 : 1;
}
