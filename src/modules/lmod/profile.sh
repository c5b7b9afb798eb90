# Written by reeve.
if [ -n "${LMOD_CMD:-}" ] && [ -z "${__Init_Default_Modules:-}" ]; then
	export __Init_Default_Modules=1
	export LMOD_SYSTEM_DEFAULT_MODULES="${LMOD_SYSTEM_DEFAULT_MODULES:-StdEnv}"
	module --initial_load --no_redirect restore
elif [ -n "${LMOD_CMD:-}" ]; then
	module refresh
fi
