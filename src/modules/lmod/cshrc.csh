# Written by reeve: modules for csh and tcsh.
if ( -r /usr/share/lmod/lmod/init/cshrc ) then
	if ( ! $?LOGNAME ) setenv LOGNAME `id -un`
	source /usr/share/lmod/lmod/init/cshrc
	if ( ! $?LMOD_RC ) setenv LMOD_RC /etc/lmod/reeve-cache.lua
	if ( ! $?__Init_Default_Modules ) then
		setenv __Init_Default_Modules 1
		if ( ! $?LMOD_SYSTEM_DEFAULT_MODULES ) setenv LMOD_SYSTEM_DEFAULT_MODULES StdEnv
		module --initial_load --no_redirect restore
	else
		module refresh
	endif
endif
