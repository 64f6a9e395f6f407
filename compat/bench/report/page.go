package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// ErrBroken is the error of a broken promise.
var ErrBroken = errors.New("a promise is not kept")

// Write makes the page in dir and its charts from results, and prints the promises. Parts without
// results stay unchanged.
func Write(dir, version string, results []*benchfmt.Result, w io.Writer) error {
	s := newSet(results)
	name := filepath.Join(dir, "README.md")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	page := string(text)
	for _, p := range parts {
		body, err := p.markdown(s, dir, version)
		if err != nil {
			return err
		}
		if body == "" {
			continue
		}
		if page, err = replace(page, p.family, body); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	verdicts, broken := judge(s)
	if page, err = replace(page, "promises", verdicts); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
		return err
	}
	fmt.Fprintf(w, "\n%s\n", verdicts)
	if broken > 0 {
		return fmt.Errorf("%w: %d", ErrBroken, broken)
	}
	return nil
}

// replace puts text between the two marks of a part of the page.
func replace(page, part, text string) (string, error) {
	begin, end := fmt.Sprintf("<!-- begin %s: made by `make bench` -->\n", part),
		fmt.Sprintf("<!-- end %s -->", part)
	head, rest, ok := strings.Cut(page, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("no marks of the part %s", part)
	}
	return head + begin + text + end + tail, nil
}

// markdown returns a part of the page, or nothing if nothing was measured.
func (p part) markdown(s *set, dir, version string) (string, error) {
	var out strings.Builder
	for _, t := range p.tables {
		cases := s.of(t.base)
		if len(cases) == 0 {
			continue
		}
		if t.title != "" {
			fmt.Fprintf(&out, "### %s\n\n", t.title)
		}
		for _, c := range t.charts {
			drawn, err := c.draw(cases, filepath.Join(dir, c.file+".svg"))
			if err != nil {
				return "", fmt.Errorf("%s: %w", c.file, err)
			}
			if drawn {
				fmt.Fprintf(&out, "![%s](%s.svg)\n\n", c.title, c.file)
			}
		}
		if t.flat {
			t.flatTable(&out, cases)
			continue
		}
		for _, k := range cases {
			t.rows(&out, k)
		}
	}
	if out.Len() == 0 {
		return "", nil
	}
	if p.after != nil {
		out.WriteString(p.after(s))
	}
	return fmt.Sprintf("## %s\n\n%s\n\n%s%s", p.title, p.intro, out.String(),
		machine(s.config[p.family], version)), nil
}

// rows returns the table of one case.
func (t table) rows(out *strings.Builder, k *kase) {
	fmt.Fprintf(out, "| %s |", k.title())
	rule := "|---|"
	var columns []column
	for _, c := range t.columns {
		if !k.has(c.unit) {
			continue
		}
		columns = append(columns, c)
		fmt.Fprintf(out, " %s |", c.title)
		rule += "--:|"
		if c.ratio {
			fmt.Fprint(out, " × |")
			rule += "--:|"
		}
	}
	fmt.Fprintf(out, "\n%s\n", rule)
	for _, tool := range k.tools {
		fmt.Fprintf(out, "| %s |", toolTitle(tool))
		for _, c := range columns {
			fmt.Fprintf(out, " %s |", k.text(tool, c.unit))
			if c.ratio {
				fmt.Fprintf(out, " %s |", k.times(tool, c.unit))
			}
		}
		out.WriteByte('\n')
	}
	out.WriteByte('\n')
}

func (t table) flatTable(out *strings.Builder, cases []*kase) {
	fmt.Fprint(out, "| |")
	rule := "|---|"
	for _, c := range t.columns {
		fmt.Fprintf(out, " %s |", c.title)
		rule += "--:|"
	}
	fmt.Fprintf(out, "\n%s\n", rule)
	for _, k := range cases {
		for _, tool := range k.tools {
			fmt.Fprintf(out, "| %s: %s |", k.title(), toolTitle(tool))
			for _, c := range t.columns {
				fmt.Fprintf(out, " %s |", k.text(tool, c.unit))
			}
			out.WriteByte('\n')
		}
	}
	out.WriteByte('\n')
}

// has reports whether any tool has a figure in a unit.
func (k *kase) has(unit string) bool {
	for _, tool := range k.tools {
		if len(k.runs[tool][unit]) > 0 {
			return true
		}
	}
	return false
}

// times returns the ratio of a figure to tpk's.
func (k *kase) times(tool, unit string) string {
	x, ok := k.median(tool, unit)
	tpk, ok2 := k.median("tpk", unit)
	if !ok || !ok2 || tpk == 0 {
		return ""
	}
	switch r := x / tpk; {
	case r < 9.995:
		return fmt.Sprintf("%.2f", r)
	default:
		return fmt.Sprintf("%.0f", r)
	}
}

// machine describes the machine of the figures.
func machine(config []benchfmt.Config, version string) string {
	of := map[string]string{}
	for _, c := range config {
		of[c.Key] = string(c.Value)
	}
	return fmt.Sprintf("<sub>Measured on %s with tpk %s (%s): %s, %s cores, %s, %s, %s, %s. Every "+
		"run: [results/%[2]s.txt](results/%[2]s.txt).</sub>\n",
		of["date"], version, of["commit"], of["cpu"], of["cores"], of["memory"], of["kernel"],
		of["filesystem"], of["go"])
}
