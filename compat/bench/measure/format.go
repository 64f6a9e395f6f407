package measure

import (
	"fmt"
	"strings"
)

// Format returns a figure as text, with three digits: 1.23 s, 45.6 µs, 789 MB.
func Format(v Value) string {
	x, unit := v.Of, v.Unit
	switch {
	case strings.HasSuffix(unit, "sec/op"), strings.HasSuffix(unit, "-sec"):
		for _, u := range []string{"s", "ms", "µs"} {
			if x >= 0.9995 || x == 0 {
				return digits(x) + " " + u
			}
			x *= 1000
		}
		return digits(x) + " ns"
	case unit == "B", strings.HasSuffix(unit, "-B"):
		for _, u := range []string{"B", "kB", "MB"} {
			if x < 999.5 {
				return digits(x) + " " + u
			}
			x /= 1000
		}
		return digits(x) + " GB"
	case unit == "req/s":
		return fmt.Sprintf("%.0f/s", x)
	case unit == "B/s":
		return digits(x/1e6) + " MB/s"
	case unit == "requests":
		return fmt.Sprintf("%.0f", x)
	case unit == "allocs/op", unit == "B/entry":
		return digits(x)
	}
	return digits(x) + " " + unit
}

// digits returns three significant digits, and all of those before the point.
func digits(x float64) string {
	switch {
	case x == 0:
		return "0"
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}
