package guard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/signature"
)

const (
	// lookAgain is the time between two looks at an archive that is being written.
	lookAgain = 10 * time.Millisecond
	// tellAfter is how long a program must have been waited for until the log has a line about it.
	// Files that were only just written take two seconds if it can't be known who writes them.
	tellAfter = 3 * time.Second
)

// ErrBusy means that a program is writing an archive or its index, or was until just now.
var ErrBusy = errors.New("it is being written")

// filesOf returns the names of the files that an archive consists of, first the archive itself.
func filesOf(name string) ([]string, error) {
	list, isSet, err := tarpack.SetList(name)
	if err != nil || !isSet {
		return []string{name, sidecarName(name), VariantsName(name)}, err
	}
	files := []string{list, list + format.SidecarSuffix, VariantsName(list)}
	if set, ok := format.ParseListName(list); ok {
		for i := range set.N {
			files = append(files, set.Shard(i))
		}
	}
	return files, nil
}

// CheckBusy returns ErrBusy if a program is writing one of an archive's files, or if a further
// change of one might not show in its Stamp. quiet makes it wait until nothing was written for a
// while, also if no program has the files open.
func CheckBusy(name string, quiet bool) error {
	files, err := filesOf(name)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := checkFile(file, quiet); err != nil {
			return err
		}
	}
	return nil
}

// CheckFile is CheckBusy for a single file, and not quiet.
func CheckFile(name string) error { return checkFile(name, false) }

func checkFile(name string, quiet bool) error {
	fi, err := os.Stat(name)
	if err != nil || !fi.Mode().IsRegular() {
		return nil // opening it reports the error
	}
	f, err := osfile.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil
	}
	defer f.Close()
	written, known := changetime.Written(f)
	stamp, err := changetime.Stat(f)
	if now := time.Now(); err != nil || written || !stamp.Settled(now) ||
		(!known || quiet) && !stamp.Quiet(now) {
		return fmt.Errorf("%s: %w", name, ErrBusy)
	}
	return nil
}

// WaitUntilWritten waits until no program writes an archive's files. If limit is not 0, it returns
// ErrBusy after that time. If it takes long, notice gets the reason once.
func WaitUntilWritten(
	ctx context.Context, name string, limit time.Duration, notice func(error),
) error {
	for began, told := time.Now(), false; ; time.Sleep(lookAgain) {
		err := CheckBusy(name, false)
		if !errors.Is(err, ErrBusy) {
			return err
		}
		if waited := time.Since(began); limit > 0 && waited > limit {
			return fmt.Errorf("%w: it is served as soon as it is complete", err)
		} else if !told && waited > tellAfter {
			told = true
			notice(err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

// Stamps returns the Stamps of an archive's files that are there, and of its signature.
func Stamps(name string) []changetime.Stamp {
	files, _ := filesOf(name)
	if len(files) > 0 {
		files = append(files, files[0]+signature.SumSuffix, files[0]+signature.SignatureSuffix)
	}
	var stamps []changetime.Stamp
	for _, file := range files {
		if fi, err := os.Stat(file); err == nil {
			stamps = append(stamps, changetime.StampOf(fi))
		}
	}
	return stamps
}
