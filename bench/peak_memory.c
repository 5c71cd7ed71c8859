// SPDX-License-Identifier: Apache-2.0
/* bench/peak_memory.c - runs a program and prints its peak memory in KiB, as JSON
 *
 * The kernel counts into it what the spawning process has; of this one that is next to nothing.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct rusage used;
	int status;
	pid_t pid = argc > 1 ? fork() : -1;

	if (pid == 0) {
		if (dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
			execv(argv[1], argv + 1);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid || status != 0)
		return 1;
	printf("{\"peak_kib\": %ld}\n", used.ru_maxrss);
	return 0;
}
