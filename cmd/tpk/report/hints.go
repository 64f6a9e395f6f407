package report

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/sidecar"
	codings "github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/bundle"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/plan"
	"github.com/tarpack/tpk/tarpack/sign"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/variants"
	"github.com/tarpack/tpk/tarpack/website"
)

// A hintedError is an error with advice that only the command can give.
type hintedError struct {
	err  error
	hint string
}

func (e *hintedError) Error() string { return e.err.Error() }
func (e *hintedError) Unwrap() error { return e.err }

// WithHint returns err with a hint that [Line] puts after it, in place of the usual one.
func WithHint(err error, hint string) error { return &hintedError{err, hint} }

// HasHint reports whether err is one of [WithHint].
func HasHint(err error) bool { return errors.As(err, new(*hintedError)) }

// HintDamaged is what to do about a damaged archive.
const HintDamaged = "restore a good copy, or save the intact entries with 'tpk repair'"

const hintAgain = "copy or download it again"

const hintTruncated = "copy or download it again, or save the intact entries with 'tpk repair'"

// hintJoined doesn't promise that convert can read what follows: only reading all of it shows that.
const hintJoined = "'tpk convert' makes one archive of both, if it can read them;" +
	" 'tpk repair ARCHIVE OUT.tar.gz' writes the first without what follows"

// HintShardPlace is what to do about a shard that has the name of another one.
const HintShardPlace = "if two were exchanged, give each its own name again, or else restore the" +
	" right shard"

// HintShardMissing is what to do if a shard of a set is missing.
const HintShardMissing = "restore it, or save the entries of the other shards under another name:" +
	" 'tpk repair ARCHIVE OUT.tar.gz'"

// HintRefused is what to do about what is not as it was signed.
const HintRefused = "don't use it; download it again, from another place if need be"

// HintChanged is what to do if an archive has changed while it was read.
const HintChanged = "run the command again"

// hintBusy is what to do about a file that is in use. Windows does not replace a file that another
// program has open, unless that allows it; Unix has only mounted ones.
var hintBusy = map[bool]string{
	true:  "close the program that has it open",
	false: "unmount it, or wait until it is no longer in use",
}[runtime.GOOS == "windows"]

const hintConvertible = "'tpk convert' reads zip, and tar as it is or with gzip, zstd, xz, bzip2," +
	" lzma or lz4"

// hints is what to do about errors. The first match is taken, so specific errors come first.
var hints = []struct {
	err  error
	hint string
}{
	{format.ErrNotEmbeddable, ""},
	{format.ErrFileName, "choose another name"},
	{format.ErrName, "--exclude leaves it out"},
	{bundle.ErrDamaged, "make or download the bundle again"},
	{variants.ErrNone, "'tpk variants --br --dcz' makes them"},
	{codings.ErrCorrupt, HintVariants()}, // before format.ErrCorrupt, which it matches
	{variants.ErrDevice, "make them of the file that was copied to it"},
	{website.ErrForeign, "move it away, or choose another directory"},
	{plan.ErrNothing, "check the name, --exclude and --include"},
	{plan.ErrDamaged, hintAgain},
	{plan.ErrInventory, "copy fileSchema from its manifest.json to --schema"},
	{format.ErrEmbedded, "'tpk index --embed' appends it again"},
	{signature.ErrUnsigned, "it and its signature belong beside the archive; 'tpk sign' makes both"},
	{signature.ErrOtherKey, "use the public key of its publisher"},
	{signature.ErrOld, "download the latest version"},
	{signature.ErrOtherArchive, "download the files of this archive; they keep their names"},
	{signature.ErrRefused, HintRefused},
	{sidecar.ErrSum, HintRefused},
	{signature.ErrPublicKey, "name the file minisign.pub, or its second line"},
	{signature.ErrSecretKey, "name the file of the secret key that 'minisign -G' made"},
	{signature.ErrPassword, ""},
	{sign.ErrHalf, "sign it again"},
	{sign.ErrDevice, "sign the file that was copied to it"},
	{format.ErrLongName, "choose a shorter one, or pack with --embed-index"},
	{format.ErrIndexRebuilt, "'tpk index' writes the index"},
	{cache.ErrIndexing, ""},
	{cache.ErrConverting, "'tpk convert' makes an archive to keep"},
	{cache.ErrLeftOut, "'tpk convert' names them"},
	{format.ErrNotIndexed, "'tpk index' writes it"},
	{sidecar.ErrNoSums, "'tpk compact --sha256 ARCHIVE' adds them"},
	{format.ErrTempNames, "'tpk index' renames them"},
	{format.ErrSpecial, "--special packs it"},
	{format.ErrOtherShard, "only an archive that is not divided keeps it a link"},
	{format.ErrOtherTime, "--dedup strict keeps both times"},
	{format.ErrSetIDs, "--preserve-owner keeps both"},
	{format.ErrLeadsOut, "--dereference packs what links lead to"},
	{format.ErrUnplaced, "'tpk index' writes it, if the archive is whole"},
	{format.ErrDraft, "'tpk convert ARCHIVE OUT.tar.gz' copies its members"},
	{format.ErrVersion, "use a newer tpk"},
	{convert.ErrInputTruncated, hintAgain},
	{convert.ErrInputDamaged, hintAgain},
	{convert.ErrEntryDamaged, hintAgain},
	{convert.ErrHeaderDamaged, hintAgain},
	{convert.ErrNotConvertible, hintConvertible},
	{format.ErrPart, "name the set by its first shard, or change the shard alone with --single"},
	{format.ErrShardName, "choose another name, or delete the list if the set isn't needed"},
	{format.ErrGlob, "name one archive, or a set by its first shard"},
	{format.ErrHidesSet, "choose another name, or delete the set if it isn't needed"},
	{format.ErrSetName, "choose another name, or move that file away"},
	{format.ErrLongSetName, "choose a shorter one"},
	{syscall.ENAMETOOLONG, "choose a shorter name"},
	{format.ErrTwoSets, "name each by its first shard, or delete the one that isn't needed"},
	{format.ErrNoList,
		"'tpk index' of its first shard writes it, or --single changes the shard alone"},
	{format.ErrNoSet, "change it alone with --single, or give it another name"},
	{format.ErrShardMissing, "restore it; to use another shard alone, give it another name"},
	{format.ErrNotOneSet, "to use one of the archives alone, give it another name"},
	{format.ErrShardPlace, HintShardPlace},
	{format.ErrShard,
		"restore the right shard, or run 'tpk index' if the shards are right as they are"},
	{format.ErrDevice, "pack onto a larger one, or into a file"},
	{format.ErrTooMany, "choose a larger size"},
	{format.ErrNotArchive, hintAgain},
	{format.ErrRemovals, "check the directory, or allow it with --max-delete"},
	{format.ErrAppend, "add it without --append"},
	{format.ErrJoined, hintJoined},
	{format.ErrAdded, "'tpk repair ARCHIVE OUT.tar.gz' writes the archive without them"},
	{format.ErrMayBeArchive, "'tpk repair ARCHIVE OUT.tar.gz' writes the archive without them"},
	{format.ErrUnfinished, "'tpk repair' cuts them off"},
	{convert.ErrPartTruncated, "copy or download it again; what begins there can be saved with" +
		" 'tpk repair' if it is a file of its own"},
	{format.ErrTruncated, hintTruncated},
	{gzmember.ErrTruncated, hintTruncated},
	{sidecar.ErrCorrupt, "rebuild it with 'tpk index'"},
	{format.ErrCorrupt, "'tpk verify' lists the damage; " + HintDamaged}, // gzmember's as well
	{format.ErrNoEntry, "'tpk ls' lists the entries"},
	{format.ErrLocked, "wait until it has finished"},
	{format.ErrChanged, "pack again when nothing writes to it, or leave it out with --exclude"},
	{format.ErrNotRegular, "choose another name for the archive"},
	{fs.ErrNotExist, "check the name"},
	{syscall.ENOTDIR, "check the name"},
	{fs.ErrPermission, "change its permissions, or run tpk as a user with access"},
	{syscall.ENOSPC, "free some space or write elsewhere"},
	{syscall.EDQUOT, "free some space or write elsewhere"},
	{syscall.EFBIG, "raise the limit on file sizes or write elsewhere"},
	{syscall.EBUSY, hintBusy},
	{syscall.EROFS, "write elsewhere"},
	{syscall.EIO, "check the disk"},
	{syscall.EMFILE, "raise the limit on open files ('ulimit -n')"},
	{serve.ErrCertificate, "check the files of --tls-cert and --tls-key"},
	{serve.ErrEncryptedKey, "decrypt it with 'openssl pkey -in KEY -out NEW'"},
	{serve.ErrSocketInUse, "stop it, or choose another path"},
	{serve.ErrNoSocket, "choose another path"},
	{serve.ErrAdmin, "choose another address with --admin"},
	{syscall.EADDRNOTAVAIL, "choose another address with --listen"},
	{syscall.EADDRINUSE, "choose another address with --listen"},
}

// is is errors.Is, and osfile.Is for an error number.
func is(err, target error) bool {
	if number, ok := target.(syscall.Errno); ok { //nolint:errorlint // not what wraps one
		return osfile.Is(err, number)
	}
	return errors.Is(err, target)
}

// hintForeign returns what to do with a file that is not an archive.
func hintForeign(kind format.Foreign) string {
	switch kind {
	case format.ForeignGzip:
		return "'tpk convert' makes an archive of a tar.gz"
	case format.ForeignDir:
		return "'tpk pack' packs a directory"
	case format.ForeignSpecial:
		return "name the file of an archive"
	case format.ForeignEmpty:
		return hintAgain
	case format.ForeignGzipped:
		return "'gunzip' decompresses it"
	case format.ForeignHTML, format.ForeignText:
		return "look into it: it may be the error message of a download"
	case format.ForeignLFS:
		return "'git lfs pull' downloads the file that it stands for"
	case format.ForeignIndex:
		return "name the archive, without .tpi"
	case format.ForeignPDF, format.ForeignPicture, format.ForeignSQLite:
		return "name an archive"
	case format.ForeignProgram:
		return "name an archive; 'tpk export' writes the one that is in a bundle"
	case format.ForeignUnknown:
		return hintConvertible
	}
	if isConvertible(kind) {
		return "'tpk convert' makes an archive of it"
	}
	return "extract it with another program, and pack the directory with 'tpk pack'"
}

// isConvertible reports whether convert reads files of a kind.
func isConvertible(kind format.Foreign) bool {
	switch kind {
	case format.ForeignZip, format.ForeignTar, format.ForeignGzip, format.ForeignXZ,
		format.ForeignZstd, format.ForeignBzip2, format.ForeignLZ4:
		return true
	}
	return false
}

// NotRepaired returns err, of an archive that is not repaired. If it is one of another program, it
// gets a hint for one that may be damaged.
func NotRepaired(err error) error {
	var kind format.Foreign
	if !errors.As(err, &kind) || !isConvertible(kind) {
		return err
	}
	return WithHint(err, "if it is damaged, copy or download it again; if not, 'tpk convert' makes an"+
		" archive of it")
}

// missingDir returns the directory of a path that is not there because its directory is not, or "".
func missingDir(err error) string {
	var path *fs.PathError
	if !errors.As(err, &path) || !errors.Is(path.Err, fs.ErrNotExist) {
		return ""
	}
	dir := filepath.Dir(path.Path)
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return dir
	}
	return ""
}

// Hint returns what to do about err, or "" if there is no good advice.
func Hint(err error) string {
	var hinted *hintedError
	if errors.As(err, &hinted) {
		return hinted.hint
	}
	var kind format.Foreign
	if errors.As(err, &kind) {
		if isConvertible(kind) && errors.Is(err, convert.ErrNotConvertible) {
			return hintAgain // it only begins like that
		}
		return hintForeign(kind)
	}
	var network *net.OpError
	if errors.As(err, &network) && errors.Is(err, fs.ErrPermission) {
		return "ports below 1024 are for privileged programs: choose another address"
	}
	for _, h := range hints {
		if is(err, h.err) {
			if dir := missingDir(err); dir != "" {
				return "there is no directory " + Quote(dir)
			}
			return h.hint
		}
	}
	return ""
}
