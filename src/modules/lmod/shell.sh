# shellcheck source=/dev/null
if [ -n "${HOME:-}" ] && ! type module >/dev/null 2>&1 && [ -r /etc/profile.d/lmod.sh ] && [ -r /etc/profile.d/zz-reeve-lmod.sh ]; then
	. /etc/profile.d/lmod.sh
	. /etc/profile.d/zz-reeve-lmod.sh
fi
