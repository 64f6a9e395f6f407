#compdef tpk
# zsh completion for tpk
_tpk() {
	local -a candidates
	local line
	while IFS= read -r line; do
		# _describe wants NAME:TEXT, with colons in the name escaped.
		candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
	done < <(tpk __complete "${(@)words[2,CURRENT-1]}" "${words[CURRENT]}" 2>/dev/null)
	if (( ${#candidates} )); then
		_describe tpk candidates
	else
		_files
	fi
}
if [[ ${funcstack[1]} == _tpk ]]; then
	_tpk "$@"
else
	compdef _tpk tpk
fi
