# fish completion for tpk
function __tpk_complete
    set -l words (commandline -opc)
    tpk __complete $words[2..] (commandline -ct) 2>/dev/null
end
complete -c tpk -f -n 'test (count (__tpk_complete)) -gt 0' -a '(__tpk_complete)'
