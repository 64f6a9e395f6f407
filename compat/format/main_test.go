package format

import (
	"os"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
)

func TestMain(m *testing.M) { os.Exit(fixture.Main(m)) }
