//go:build nightly

package serve

import "time"

func init() { soakTime = 200 * time.Second } // in each of three cases
