package format

import "errors"

// What can be wrong with an archive. An error that wraps one of these names the file. If it is
// about one entry, it also has the path and the offset of that entry.
var (
	// ErrNotArchive: the file is empty or not a tpk archive, for example a .tar.gz of another
	// program.
	ErrNotArchive = errors.New("not a tpk archive")
	// ErrTruncated: the end of the archive is missing.
	ErrTruncated = errors.New("the archive is truncated")
	// ErrVersion: a newer tpk wrote the archive, or it has a feature that is not known.
	ErrVersion = errors.New("the archive is of a newer format version")
	// ErrUnplaced: an archive seems to begin on the device, and nothing at the end of the device leads
	// to the end of the archive (FORMAT.md 3.2).
	ErrUnplaced = errors.New("the device has no record of where its archive ends")
	// ErrDraft: the archive is of a draft of the format, from before its first release.
	ErrDraft = errors.New("the archive is of a draft of the format")
	// ErrCorrupt: the archive or its sidecar is damaged, or breaks a rule of FORMAT.md. errors.Is
	// finds it in every error about damage, also in those of packages gzmember and sidecar.
	ErrCorrupt error = corruptError{}
	// ErrNoSidecar: the archive has no sidecar beside it, and no index in itself.
	ErrNoSidecar = errors.New("the archive has no index")
	// ErrStale: the sidecar is damaged, or belongs to another archive or another state of it.
	ErrStale = errors.New("the index does not belong to the archive")
	// ErrEmbedded: the index that the archive has in itself is damaged, or that of another archive. It
	// always comes with ErrStale.
	ErrEmbedded = errors.New("the index in the archive is damaged or of another archive")
	// ErrUnfinished: bytes follow the end of the archive. They are from an append that was
	// interrupted or is still running, or are zeros.
	ErrUnfinished = errors.New("an append was not finished, or another program has added zeros")
	// ErrMayBeArchive: an ErrUnfinished whose bytes begin with an entry.
	ErrMayBeArchive = errors.New(
		"an append was not finished, or another archive follows that is cut off")
	// ErrAdded: bytes that no append writes follow the end of the archive.
	ErrAdded = errors.New("bytes of another program follow its end")
	// ErrJoined: another archive follows in the same file, as after cat a.tar.gz b.tar.gz.
	ErrJoined = errors.New("another archive follows in the same file")
	// ErrShard: a shard of a set is missing, or belongs to another set.
	ErrShard = errors.New("the shard set is not whole")
	// ErrShardMissing: a shard of a set is missing. It always comes with ErrShard.
	ErrShardMissing = errors.New("shards are missing")
	// ErrShardPlace: a shard of a set has the name of another one. It always comes with ErrShard.
	ErrShardPlace = errors.New("it is another shard of the set")
	// ErrNotOneSet: archives have the names of one set, but do not belong together, as a path is in
	// two of them, and not a directory in both. It always comes with ErrShard.
	ErrNotOneSet = errors.New("its shards are not of one set")
	// ErrPart: the archive is one shard of a set, which would not fit the others after a change.
	ErrPart = errors.New("it is one shard of a set")
	// ErrShardName: a file is to be written over a shard, the list or an index of a set.
	ErrShardName = errors.New("the name belongs to a shard set")
	// ErrSetName: a set is to be written beside a file with the name that stands for the set.
	ErrSetName = errors.New("it is there already, and would be read in place of the set")
	// ErrHidesSet: an archive is to be written under the name that a set was packed under.
	ErrHidesSet = errors.New("the name stands for a shard set")
	// ErrFileName: the system does not allow the name of a file that is to be written.
	ErrFileName = errors.New("this system allows no file of this name")
	// ErrLongName: the file system does not allow the name of the sidecar.
	ErrLongName = errors.New("the name is too long: there is no room for the .tpi of its index")
	// ErrLongSetName: the file system does not allow the names of the files of a set.
	ErrLongSetName = errors.New("the name is too long for a set: its files add 19 bytes to it")
	// ErrTwoSets: there is another set of the same name, with another number of shards.
	ErrTwoSets = errors.New("another set of this name is there")
	// ErrGlob: a glob matches something else than all shards of one set.
	ErrGlob = errors.New("the glob stands for no shard set")
	// ErrNoList: a set is to be changed, but its list is missing or damaged.
	ErrNoList = errors.New("the shard set has no usable list")
	// ErrNoSet: an archive with the name of a shard is to be changed. There is no list, and other
	// shards are missing or share paths with it. It may be a shard of a set that is elsewhere.
	ErrNoSet = errors.New("it has the name of a shard, and its set is not here")
)

// What can keep an entry from being read or extracted.
var (
	// ErrNoEntry: the archive has no entry of that path.
	ErrNoEntry = errors.New("no such entry in the archive")
	// ErrRefused: extracting the entry could change something outside the target directory.
	ErrRefused = errors.New("refused")
	// ErrCollision: the file system treats two paths of the archive as the same.
	ErrCollision = errors.New("the file system has no room for two names that differ so little")
	// ErrName: the system does not allow the name of an entry that is extracted, or of a file that
	// another system has made and that is packed.
	ErrName = errors.New("this system does not allow the name")
)

// What can keep an archive from being written.
var (
	// ErrLocked: another process is writing the archive.
	ErrLocked = errors.New("is being written by another process")
	// ErrNotRegular: something other than a regular file has the archive's name, and is not
	// replaced.
	ErrNotRegular = errors.New("exists and is not a regular file")
	// ErrChanged: a file has changed since it was first looked at.
	ErrChanged = errors.New("changed while it was read")
	// ErrAppend: the path cannot be appended, as tar would not extract the later entry correctly.
	ErrAppend = errors.New("nothing can be appended to it")
	// ErrNotEmbeddable: the archive cannot have its index in itself, as it is on a device or part of a
	// shard set.
	ErrNotEmbeddable = errors.New("its index can't be in it")
	// ErrDevice: the device is too small for the archive and its index.
	ErrDevice = errors.New("the device is too small")
	// ErrTooMany: the size of a shard is so small that there would be more than MaxShards.
	ErrTooMany = errors.New("the shards are too small")
	// ErrRemovals: an update would remove more entries than its options allow.
	ErrRemovals = errors.New("too many entries would be removed")
	// ErrNotIndexed: the new archive has its name, but its sidecar could not be given its own.
	ErrNotIndexed = errors.New("the archive is complete and in its place, but not its index")
	// ErrTempNames: the list of a new shard set has its name, but not all files of the set have
	// theirs. Readers find them; package tarpack's Reindex gives them their names.
	ErrTempNames = errors.New("the set is complete, but some of its files have temporary names")
)

// What a notice is about.
var (
	// ErrIndexRebuilt: there is no usable sidecar, and the index is built in memory.
	ErrIndexRebuilt = errors.New("indexing it in memory")
	// ErrSpecial: a FIFO or a device is left out, as the option Special is not set.
	ErrSpecial = errors.New("not packed")
	// ErrUnread: a file or directory cannot be read and is left out, as the option SkipUnreadable is
	// set.
	ErrUnread = errors.New("not packed")
	// ErrOtherShard: a file has names in several shards, and so becomes several files.
	ErrOtherShard = errors.New("a hard link to a file in another shard: it becomes a file of its own")
	// ErrOtherTime: a file became a hard link to an equal file with another modification time.
	ErrOtherTime = errors.New("the same content as another file, but another time:" +
		" tar extracts both with one time")
	// ErrSetIDs: a file loses its setuid and setgid bits, as the archive does not keep its owner.
	ErrSetIDs = errors.New("setuid and setgid bits are not kept, as the owner is not")
	// ErrLeadsOut: a symbolic link leads out of the directory that is packed.
	ErrLeadsOut = errors.New("a symbolic link out of the directory")
)

// corruptError is the type of ErrCorrupt. The errors of gzmember and sidecar match an error that
// has a method AnyDamage, as neither package can import this one.
type corruptError struct{}

func (corruptError) Error() string { return "the archive is corrupt" }

// AnyDamage marks an error that stands for damage of every kind.
func (corruptError) AnyDamage() {}
