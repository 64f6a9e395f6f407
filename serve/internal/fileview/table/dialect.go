package table

import "strings"

// Limits of what Detect looks at.
const (
	sampleLength = 64 << 10 // bytes
	sampleRows   = 100
)

// Detect returns the dialect of a text. tabs means that its name or type is that of TSV.
//
// The dialect is the one by which most records have the same number of fields, more than one. If
// several are as good, it is the first in the order of candidates.
func Detect(text string, tabs bool) Dialect {
	sample := text
	if len(sample) > sampleLength {
		sample = sample[:sampleLength]
		if at := strings.LastIndexByte(sample, '\n'); at > 0 {
			sample = sample[:at+1]
		}
	}
	separators := []byte{',', ';', '\t', '|'}
	if tabs {
		separators = []byte{'\t', ',', ';', '|'}
	}
	best, most := Dialect{Comma: separators[0], Quote: '"'}, 0.0
	for _, comma := range separators {
		for _, quote := range []byte{'"', '\'', 0} {
			if quote != 0 && strings.IndexByte(sample, quote) < 0 && quote != '"' {
				continue
			}
			d := Dialect{comma, quote}
			if score := d.score(sample, len(sample) < len(text)); score > most {
				best, most = d, score
			}
		}
	}
	return best
}

// score returns how well a dialect fits a text: 0 if it does not, 1 if all records have the same
// number of fields. cut means that the text goes on.
func (d Dialect) score(text string, cut bool) float64 {
	counts := map[int]int{}
	rows, stray := 0, 0
	whole := d.records(text, func(fields []string) bool {
		counts[len(fields)]++
		for _, f := range fields {
			// Outside of quotes, a dialect has no field that begins or ends with one. That the
			// quotes stay in the text tells that they belong to another dialect.
			if f != "" && (strings.IndexByte(quotes, f[0]) >= 0 && f[0] == f[len(f)-1]) {
				stray++
				break
			}
		}
		rows++
		return rows < sampleRows
	})
	if rows == 0 || !whole && !cut {
		return 0
	}
	usual, n := 0, 0
	for fields, times := range counts {
		if times > n || times == n && fields > usual {
			usual, n = fields, times
		}
	}
	if usual < 2 {
		return 0
	}
	score := float64(n) / float64(rows)
	if stray > 0 {
		score *= 0.9
	}
	return score
}

const quotes = `"'`
