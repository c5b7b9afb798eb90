# Written by reeve: modules for fish.
if test -r /usr/share/lmod/lmod/init/profile.fish
    # What Lmod's own file does here says aloud which trees are not there.
    if test -z "$MODULEPATH_ROOT"
        set -gx MODULEPATH_ROOT /usr/share/modulefiles
        for dir in (sed -e 's/#.*//' -e '/^ *$/d' /etc/lmod/modulespath)
            test -d $dir; and set -gx MODULEPATH (/usr/share/lmod/lmod/libexec/addto --append MODULEPATH $dir)
        end
        set -gx BASH_ENV /usr/share/lmod/lmod/init/bash
    end
    source /usr/share/lmod/lmod/init/profile.fish
    set -q LMOD_RC; or set -gx LMOD_RC /etc/lmod/reeve-cache.lua
    if test -z "$__Init_Default_Modules"
        set -gx __Init_Default_Modules 1
        set -q LMOD_SYSTEM_DEFAULT_MODULES; or set -gx LMOD_SYSTEM_DEFAULT_MODULES StdEnv
        module --initial_load --no_redirect restore
    else
        module refresh
    end
end
