package notebook

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve/internal/fileview/ansi"
)

// dot is a picture of one pixel.
const dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ" +
	"RU5ErkJggg=="

func plain(s string) []ansi.Span { return []ansi.Span{{Text: s}} }

func TestParse(t *testing.T) {
	const svg = `<svg xmlns="http://www.w3.org/2000/svg"/>`
	vector := "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg))
	for _, c := range []struct {
		name, json string
		want       Notebook
	}{
		{"format 4", `{"nbformat":4,"metadata":{"language_info":{"name":"python"}},"cells":[
			{"cell_type":"markdown","source":["# A\n","b"]},
			{"cell_type":"code","source":"x","execution_count":7,"outputs":[
				{"output_type":"stream","name":"stderr","text":["a\n","b"]},
				{"output_type":"execute_result","data":{"text/plain":"<Figure>",
					"image/png":"` + dot[:40] + `\n` + dot[40:] + `"}},
				{"output_type":"display_data","data":{"text/html":["<b>","x</b>"],"text/plain":"x"}},
				{"output_type":"display_data","data":{"application/json":{"a":1}}},
				{"output_type":"error","ename":"E","evalue":"m","traceback":["\u001b[31mE\u001b[0m","m"]}]},
			{"cell_type":"raw","source":"r"},{"cell_type":"odd","source":"o"}]}`,
			Notebook{Language: "python", Cells: []Cell{
				{Kind: Markdown, Source: "# A\nb"},
				{Kind: Code, Source: "x", Count: "7", Outputs: []Output{
					{Kind: Stream, Spans: plain("a\nb"), Wrong: true},
					{Kind: Picture, Source: "data:image/png;base64," + dot, Plain: "<Figure>"},
					{Kind: HTML, Source: "<b>x</b>", Plain: "x"},
					{Kind: Text, Spans: plain(`{"a":1}`)},
					{Kind: Error, Spans: []ansi.Span{{Text: "E", Class: "fg1"}, {Text: "\nm"}}}}},
				{Kind: Raw, Source: "r"}, {Kind: Raw, Source: "o"}}}},
		{"format 3", `{"nbformat":3,"worksheets":[{"cells":[
			{"cell_type":"heading","level":2,"source":"H"},
			{"cell_type":"code","language":"ruby","input":["p ","1"],"prompt_number":3,"outputs":[
				{"output_type":"pyout","text":"1"},
				{"output_type":"display_data","svg":"` + strings.ReplaceAll(svg, `"`, `\"`) + `"},
				{"output_type":"stream","stream":"stdout","text":"s"},
				{"output_type":"pyerr","ename":"E","evalue":""}]}]}]}`,
			Notebook{Language: "ruby", Cells: []Cell{
				{Kind: Markdown, Source: "## H"},
				{Kind: Code, Source: "p 1", Count: "3", Outputs: []Output{
					{Kind: Text, Spans: plain("1")}, {Kind: Picture, Source: vector},
					{Kind: Stream, Spans: plain("s")}, {Kind: Error, Spans: plain("E")}}}}}},
		{"a picture of another type", `{"nbformat":4,"cells":[{"cell_type":"code","outputs":[
			{"output_type":"display_data","data":{"image/png":"PGI+","text/plain":"p"}},
			{"output_type":"display_data","data":{"image/svg+xml":"x","image/jpeg":"` + dot + `"}}]}]}`,
			Notebook{Cells: []Cell{{Kind: Code, Outputs: []Output{
				{Kind: Text, Spans: plain("p")}}}}}},
		{"odd types", `{"nbformat":4,"cells":[{"cell_type":"code","source":{"a":1},
			"execution_count":"x","outputs":[{"output_type":"stream","text":5}]}]}`,
			Notebook{Cells: []Cell{{Kind: Code, Outputs: []Output{{Kind: Stream}}}}}},
		{"odd cells and outputs", `{"nbformat":4.0,"metadata":[],"cells":[
			{"cell_type":"raw","source":"a"},7,null,[],{"cell_type":1,"source":"b"},
			{"cell_type":"heading","level":"x","source":"h"},
			{"cell_type":"code","source":"c","outputs":"none"},
			{"cell_type":"code","source":"d","outputs":[{"output_type":"stream","text":"e"},
				3,null,{"output_type":[]},{"output_type":"error","traceback":"x"}]},
			{"cell_type":"code","source":"f","outputs":null},{"cell_type":"raw","source":"z"}]}`,
			Notebook{Cells: []Cell{{Kind: Raw, Source: "a"},
				{Kind: Odd, Source: "7"}, {Kind: Odd, Source: "null"}, {Kind: Odd, Source: "[]"},
				{Kind: Raw, Source: "b"}, {Kind: Markdown, Source: "# h"},
				{Kind: Code, Source: "c", Outputs: []Output{{Kind: OddOutput, Source: `"none"`}}},
				{Kind: Code, Source: "d", Outputs: []Output{{Kind: Stream, Spans: plain("e")},
					{Kind: OddOutput, Source: "3"}, {Kind: OddOutput, Source: "null"},
					{Kind: OddOutput, Source: `{"output_type":[]}`},
					{Kind: OddOutput, Source: `{"output_type":"error","traceback":"x"}`}}},
				{Kind: Code, Source: "f"}, {Kind: Raw, Source: "z"}}}},
		{"an odd sheet", `{"nbformat":3,"worksheets":[5,{"cells":[{"cell_type":"raw","source":"a"}]}]}`,
			Notebook{Cells: []Cell{{Kind: Odd, Source: "5"}, {Kind: Raw, Source: "a"}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Parse([]byte(c.json))
			if err != nil || !reflect.DeepEqual(*got, c.want) {
				t.Errorf("%+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

func TestNotNotebooks(t *testing.T) {
	for _, s := range []string{"", "{}", "[]", `{"nbformat":2,"cells":[]}`, `{"nbformat":5}`,
		`{"nbformat":4,"cells":{}}`} {
		if _, err := Parse([]byte(s)); !errors.Is(err, ErrNotNotebook) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestLimits(t *testing.T) {
	cells := strings.Repeat(`{"cell_type":"raw"},`, MaxCells+2)
	n, err := Parse(fmt.Appendf(nil, `{"nbformat":4,"cells":[%s{"cell_type":"raw"}]}`, cells))
	if err != nil || len(n.Cells) != MaxCells || n.More != 3 {
		t.Errorf("%d cells, %d more, %v", len(n.Cells), n.More, err)
	}
	long, err := json.Marshal(strings.Repeat("ä\n", maxText))
	if err != nil {
		t.Fatal(err)
	}
	n, err = Parse(fmt.Appendf(nil, `{"nbformat":4,"cells":[{"cell_type":"code","source":%s,
		"outputs":[{"output_type":"stream","text":%[1]s}]}]}`, long))
	if err != nil || !n.Cells[0].Cut || len(n.Cells[0].Source) > maxText ||
		len(n.Cells[0].Outputs[0].Spans[0].Text) > maxText {
		t.Errorf("%d bytes, %v", len(n.Cells[0].Source), err)
	}
}

// FuzzParse: pictures are data: URLs of the known types, whatever a notebook has in it.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":["a"],"execution_count":1,
		"outputs":[{"output_type":"display_data","data":{"image/png":"` + dot + `"}}]}]}`))
	f.Add([]byte(`{"nbformat":3,"worksheets":[{"cells":[{"cell_type":"heading","level":-1}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := Parse(b)
		if err != nil {
			return
		}
		for _, c := range n.Cells {
			for _, o := range c.Outputs {
				if o.Kind == Picture && !strings.HasPrefix(o.Source, "data:image/") {
					t.Fatal(o.Source)
				}
			}
		}
	})
}
