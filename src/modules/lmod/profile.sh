# Written by reeve: the end of what /etc/profile.d/lmod.sh begins, for sh, bash and zsh.
if [ -n "${LMOD_CMD:-}" ]; then
	export LMOD_RC="${LMOD_RC:-/etc/lmod/reeve-cache.lua}"
	export ENV="${ENV:-/usr/share/lmod/lmod/init/sh}" # an interactive sh that is no login shell reads it
	if [ -z "${__Init_Default_Modules:-}" ]; then
		export __Init_Default_Modules=1
		export LMOD_SYSTEM_DEFAULT_MODULES="${LMOD_SYSTEM_DEFAULT_MODULES:-StdEnv}"
		module --initial_load --no_redirect restore
	else
		module refresh
	fi
fi
